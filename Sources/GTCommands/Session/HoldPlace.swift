// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import CommandSupport
import Town
import TownFiles

/// The agents that a hold concerns.
struct HoldPlace: ParsableArguments {
  @Argument(
    help: "An agent (RIG/NAME, NAME inside its rig, RIG/witness, deacon, mayor), a RIG, or 'all'.",
    completion: .holdPlace)
  var target: String
  @OptionGroup var options: TownOptions

  func open(_ command: String) throws -> (town: OpenTown, place: Holds.Place) {
    let town = try options.open(command)
    return (town, try resolve(in: town.layout))
  }

  /// A rig before an agent of the same name, who has a longer one too.
  private func resolve(in layout: TownLayout) throws -> Holds.Place {
    if target == "all" { return .town }
    let rigs = try RigRegistry(layout: layout).rigs().map(\.name)
    if rigs.contains(target) { return .rig(target) }
    return .agent(try AddressBook(layout: layout).agent(target, in: TownOptions.currentRig(layout)))
  }

  /// Tells the daemon of the decision, where one runs, so that it is in the journal. The decision is on disk already, and
  /// read before every start, so nothing depends on it.
  static func tell(_ town: OpenTown, _ place: Holds.Place, isHeld: Bool, why: String?) async {
    guard let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) else { return }
    let note = NoteHold(place: place.argument, held: isHeld, who: TownOptions.person, why: why ?? "")
    // A daemon of an earlier version looks at least.
    if (try? await client.call(note, deadline: .seconds(5))) == nil { await poke(town) }
  }

  /// How many single agents are named at most.
  private static let limit = 10

  /// What is held or stopped in a town, each with its way out.
  static func overview(_ layout: TownLayout) -> [String] {
    do {
      let (wide, agents) = try Holds(layout: layout).overview()
      let lines = wide.map { place, hold in
        "\(place.words), by \(displayable(hold.who))" + (hold.why.map { ": \(displayable($0))" } ?? "")
          + "; to release: gt session release \(place.argument)"
      }
      let roster = Roster(rigs: (try? RigRegistry(layout: layout).rigs().map(\.name)) ?? [])
      let single = agents.prefix(limit).map { session, hold in
        guard let agent = roster.candidates(session: session).first else {
          return "\(displayable(session)), which is no agent of this town: \(layout.holds)/\(displayable(session))"
        }
        let way = hold.kind == .stop ? "to start it: gt session start \(agent.address)" : hold.wayOut(for: agent)
        return "\(agent.address), \(hold.summary); \(way)"
      }
      let rest = agents.count - single.count
      return lines + single + (rest > 0 ? ["and \(counted(rest, "more agent"))"] : [])
    } catch {
      return ["not known: \(displayable("\(error)"))"]
    }
  }

  /// Lets the daemon look soon, where one runs.
  static func poke(_ town: OpenTown) async {
    let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment)
    _ = try? await client?.call(Refresh(), deadline: .seconds(5))
  }
}

extension Holds.Place {
  /// As a person calls it.
  var words: String {
    switch self {
    case .agent(let agent): agent.address
    case .rig(let rig): "the rig \(displayable(rig))"
    case .town: "the whole town"
    }
  }

  /// As a person types it.
  var argument: String {
    switch self {
    case .agent(let agent): agent.address
    case .rig(let rig): displayable(rig)
    case .town: "all"
    }
  }
}
