// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Processes
import TownFiles

/// `gt daemon uninstall`.
struct DaemonUninstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "uninstall", abstract: "Stop the daemon and remove its units.",
    discussion: "The agents and their tmux server run until you stop gastown-tmux.service or log out.")

  @Flag(help: "Remove the units that were installed with --runtime.")
  var runtime = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      // The units go without a town, too.
      let layout = try? options.layout(using: "daemon uninstall")
      let environment = TownOptions.environment
      let units = layout.map { TownUnits.find(layout: $0, environment: environment) } ?? TownUnits()
      let systemctl = Systemctl(runner: SystemCommandRunner(environment: environment))
      // Whatever of it is not loaded or not running need not be stopped.
      _ = try? await systemctl.run(
        ["disable", "--now", units.timer, units.socket, units.daemon])
      let directory = TownUnits.unitDirectory(environment, isRuntime: runtime)
      for name in UnitFiles.own(units) {
        try Disk.remove("\(directory)/\(name)")
        if units.instance != nil { Disk.removeEmptyDirectory(Disk.parent(of: "\(directory)/\(name)")) }
      }
      // What other towns go on using stays.
      let left = try Disk.names(in: directory)
      if !left.contains(where: { $0.hasPrefix("gastown-daemon@") && $0.hasSuffix(".d") }) {
        for (name, _) in UnitFiles.templates { try Disk.remove("\(directory)/\(name)") }
        if !left.contains(TownUnits().daemon) {
          for slice in UnitFiles.slices { try Disk.remove("\(directory)/\(slice)") }
        }
      }
      try await systemctl.run(["daemon-reload"], deadline: .seconds(30))
      print("The units are removed. Running agents continue.")
      // Those of a package come to light again.
      if let packaged = UnitFiles.packageDirectories.first(where: { Disk.exists("\($0)/gastown-daemon.service") }) {
        let town = units.instance == nil ? "~/gt" : layout?.root ?? "this town"
        print(
          "The units in \(packaged) are in force again, for \(town): "
            + Remedy.command("systemctl", "--user", "enable", "--now", units.daemon))
      }
    }
  }
}
