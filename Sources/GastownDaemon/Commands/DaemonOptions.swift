// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import ArgumentParser
import FoundationEssentials
import Supervision
import Town
import TownFiles

/// What every command of the daemon takes.
struct DaemonOptions: ParsableArguments {
  @Option(
    name: .long, help: ArgumentHelp("The town's directory (default: $GT_TOWN_ROOT, then ~/gt).", valueName: "path"))
  var town: String?
  @Option(
    help: ArgumentHelp(
      "The instance of the template units. The units of a further town pass this option.", valueName: "name"))
  var instance: String?

  /// Our own environment, as it was at the start.
  static var environment: [String: String] { ProcessInfo.processInfo.environment }

  func open() throws(TownFileError) -> OpenTown {
    let environment = DaemonOptions.environment
    let layout = try TownLayout.find(option: town, environment: environment, workingDirectory: nil)
    return try OpenTown(
      layout: layout, environment: environment, awaitingBd: true,
      units: instance.map { TownUnits(instance: $0) })
  }

  /// The units by name, also where there is no town.
  func units() -> TownUnits {
    if let instance { return TownUnits(instance: instance) }
    let environment = DaemonOptions.environment
    let layout = try? TownLayout.find(option: town, environment: environment, workingDirectory: nil)
    return layout.map { TownUnits.find(layout: $0, environment: environment) } ?? TownUnits()
  }
}
