// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import GastownDaemon
internal import Glibc
internal import Supervision
internal import Town
internal import TownFiles

/// What every command that works on a town takes.
struct TownOptions: ParsableArguments {
  @Option(
    name: .long,
    help: ArgumentHelp("The town's directory (default: where you stand, $GT_TOWN_ROOT, ~/gt).", valueName: "path"),
    completion: .directory)
  var town: String?

  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  static var workingDirectory: String? {
    // The shell's own idea of where it is keeps symbolic links; any of the two finds the town.
    guard let directory = getcwd(nil, 0) else { return nil }
    defer { free(directory) }
    return String(cString: directory)
  }

  func layout() throws(TownFileError) -> TownLayout {
    try TownLayout.find(option: town, environment: Self.environment, workingDirectory: Self.workingDirectory)
  }

  /// Opens the town, and notes that somebody uses it: the heartbeat's interval follows that.
  ///
  /// - Parameter units: the town's systemd units, where the command decides about them.
  func open(_ command: String, units: TownUnits? = nil) throws(TownFileError) -> OpenTown {
    let town = try OpenTown(layout: try layout(), environment: Self.environment, units: units)
    Self.note(command, in: town.layout)
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
    guard let directory = workingDirectory, let rest = directory.removingPrefix(layout.root + "/") else { return nil }
    return rest.split(separator: "/").first.map(String.init)
  }

  /// Who gives the command: the agent whose environment this is, else the person.
  static var person: String {
    if let actor = environment["BD_ACTOR"], !actor.isEmpty { return actor }
    return environment["USER"] ?? environment["LOGNAME"] ?? "uid \(getuid())"
  }
}
