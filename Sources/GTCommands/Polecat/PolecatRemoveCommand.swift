// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Beads
internal import GastownDaemon
internal import Supervision
internal import Town
internal import TownFiles

/// `gt polecat remove`.
struct PolecatRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a polecat: its directory and its bead.",
    discussion: "Refuses one that runs, and one whose work is not committed or not pushed, without --force.")
  @Argument(help: "RIG/NAME.", completion: .polecat)
  var polecat: String
  @Flag(help: "End it where it runs, and throw away what is not committed or pushed.")
  var force = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("polecat remove")
      let identity = try PolecatCommand.identity(polecat, layout: town.layout)
      let store = try town.store.get()
      let beads = await town.world.readBeads(hooks: [])
      let snapshot = await town.world.look(beads: beads)
      guard let observation = snapshot.agents.first(where: { $0.agent == identity }) else {
        throw AddressError("there is no polecat \(identity.address); see: gt polecat list")
      }
      if case .unknown(let reason) = observation.bead, !force {
        throw Unreadable(
          description: "\(identity.address) is left as it is, for what its bead says is not known: \(reason)")
      }
      switch observation.liveness {
      case .alive(let life, _) where !force:
        throw CommandRefusal(
          "\(identity.address) runs (pid \(life.pid)); stop it first with: gt session stop \(identity.address)")
      case .unknown(let reason) where !force: throw CommandRefusal("\(identity.address) may be running: \(reason)")
      case .absent: break
      default: _ = try await SessionDirector(town: town).carryOut(.stop, identity, why: "removed")
      }
      try await PolecatDirectory(town: town, identity: identity).remove(force: force)
      if case .known(let bead?) = observation.bead {
        _ = try await store.retireAgent(bead.id, reason: "removed by \(TownOptions.person)")
      }
      try Holds(layout: town.layout).clear(identity)
      print("\(identity.address) is removed.")
    }
  }
}
