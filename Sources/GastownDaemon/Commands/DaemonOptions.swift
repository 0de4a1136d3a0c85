// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import Supervision
internal import Town
internal import TownFiles

/// What every command of the daemon takes.
struct DaemonOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("The town's directory (default: $GT_TOWN_ROOT, then ~/gt).", valueName: "path"))
  var town: String?

  /// Our own environment, as it was at the start.
  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  /// - Parameter clients: lasting tmux clients, where we stay.
  func open(clients: ControlClients? = nil) throws(TownFileError) -> OpenTown {
    let environment = DaemonOptions.environment
    let layout = try TownLayout.find(option: town, environment: environment, workingDirectory: nil)
    return try OpenTown(layout: layout, environment: environment, awaitingBd: true, clients: clients)
  }
}

/// Prints an error as every Unix program does.
package func complain(_ message: String, program: String = "gastown-daemon") {
  let line = Array("\(program): \(printable(message))\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
}
