// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt session release`.
struct SessionReleaseCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "release", abstract: "Release a hold: agents with work are started again.",
    discussion: """
      Releases only the named hold: 'all' is the hold on the whole town, and leaves the holds on single rigs and \
      agents in place. To start an agent that was stopped: gt session start.
      """)

  @OptionGroup var place: HoldPlace

  func run() async throws {
    try await failing {
      let (town, place) = try place.open("session release")
      let holds = Holds(layout: town.layout)
      switch try holds.decision(on: place) {
      case let hold? where hold.kind == .stop:
        throw CommandRefusal(
          "\(place.words) is \(hold.summary), not held; to start it: gt session start \(place.argument)")
      case let hold?:
        if let stop = hold.released { try holds.set(stop, on: place) } else { try holds.clear(place) }
        await HoldPlace.tell(town, place, isHeld: false, why: nil)
        let stop = hold.released.map { ", and is \($0.summary); to start it: gt session start \(place.argument)" } ?? ""
        print("\(place.words) is released\(stop)\(rest(of: holds, place))")
      case nil:
        print("\(place.words) is not held\(rest(of: holds, place))")
      }
    }
  }

  /// What holds all the same.
  private func rest(of holds: Holds, _ place: Holds.Place) -> String {
    let wider: [Holds.Place] =
      switch place {
      case .agent(let agent): (agent.rig.map { [.rig($0)] } ?? []) + [.town]
      case .rig: [.town]
      case .town: []
      }
    for other in wider {
      guard let hold = (try? holds.decision(on: other)) ?? nil else { continue }
      return "; but \(other.words) is \(hold.summary); to release that: gt session release \(other.argument)"
    }
    return ""
  }
}
