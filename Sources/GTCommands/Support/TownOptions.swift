// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import CommandSupport
import Glibc
import Supervision
import Town
import TownFiles
import Trust

/// What every command that works on a town takes.
struct TownOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The town's directory (default: the current town, $GT_TOWN_ROOT, ~/gt).", valueName: "path"),
    completion: .directory)
  var town: String?

  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  static var workingDirectory: String? {
    guard let directory = getcwd(nil, 0) else { return nil }
    defer { free(directory) }
    let place = String(cString: directory)
    // The shell's own idea of where it is keeps symbolic links: what is behind one in a town is in that town.
    if let named = environment["PWD"], named.hasPrefix("/"), Disk.canonical(named) == place { return named }
    return place
  }

  func layout() throws(TownFileError) -> TownLayout {
    let place = Self.workingDirectory
    do throws(TownFileError) {
      return try TownLayout.find(option: town, environment: Self.environment, workingDirectory: place)
    } catch {
      guard place == nil else { throw error }
      throw TownFileError(
        error.code, path: error.path,
        reason: "\(error.reason); the current directory was deleted: leave it (cd)")
    }
  }

  /// Opens the town, and records the use of it, which determines the heartbeat's interval. Settings that cannot be used
  /// are told, and are no obstacle: only a start goes by them.
  ///
  /// - Parameter units: the town's systemd units, where the command decides about them.
  /// - Parameter needsSettings: whether it is an error where they cannot be used.
  func open(
    _ command: String, units: TownUnits? = nil, needsSettings: Bool = false
  ) throws(TownFileError) -> OpenTown {
    let town = try OpenTown(
      layout: try layout(), environment: Self.environment, tolerant: !needsSettings, units: units)
    Self.note(command, in: town.layout)
    if let fault = town.settingsFault {
      let rest =
        TownLock.holder(layout: town.layout)?.isOurs == true ? "; the daemon goes on with its former settings" : ""
      complain(displayable("\(fault)\(rest)"), program: "gt")
    }
    return town
  }

  /// Finds the town for a command that reads files alone: settings that cannot be used are no obstacle.
  func layout(using command: String) throws(TownFileError) -> TownLayout {
    let layout = try layout()
    Self.note(command, in: layout)
    return layout
  }

  private static func note(_ command: String, in layout: TownLayout) {
    try? TownRecords(layout: layout).write(Activity(lastCommand: "gt \(command)", timestamp: LiveTown.wallClock()))
  }

  /// The rig in whose directory the person stands, for names without one.
  static func currentRig(_ layout: TownLayout) -> String? {
    if let rig = environment["GT_RIG"], !rig.isEmpty { return rig }
    guard let directory = workingDirectory else { return nil }
    let places = [directory, Disk.canonical(directory) ?? directory]
    let rest = places.compactMap { $0.removingPrefix(layout.root + "/") }.first
    return rest?.split(separator: "/").first.map(String.init)
  }

  /// Who gives the command: the agent whose environment this is, else the person.
  static var person: String {
    if let actor = environment["BD_ACTOR"], !actor.isEmpty { return actor }
    return environment["USER"] ?? environment["LOGNAME"] ?? UserName.of(getuid()) ?? "uid \(getuid())"
  }
}
