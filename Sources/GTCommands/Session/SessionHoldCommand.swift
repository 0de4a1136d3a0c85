// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt session hold`.
struct SessionHoldCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "hold", abstract: "Hold an agent, a rig or the whole town: no agent there is started.",
    discussion: """
      Running agents continue to run. Agents that die stay down until the hold is released. The hold is a file: it \
      outlasts restarts of the daemon, and is read again just before every start.

      To end an agent as well: gt session stop.
      """)

  @Option(help: "The reason, which is shown with the hold.")
  var reason: String?
  @OptionGroup var place: HoldPlace

  func run() async throws {
    try await failing {
      try PersonCommand.check(who: TownOptions.person, why: reason)
      let (town, place) = try place.open("session hold")
      let holds = Holds(layout: town.layout)
      let former = try holds.decision(on: place)
      if let former, former.kind == .hold {
        return print("\(place.words) is \(former.summary) already")
      }
      let hold = Hold(kind: .hold, who: TownOptions.person, when: LiveTown.wallClock(), why: reason)
      try holds.set(hold.beside(former), on: place)
      await HoldPlace.tell(town, place, isHeld: true, why: reason)
      print("\(place.words) is held. To release: gt session release \(place.argument)")
    }
  }
}
