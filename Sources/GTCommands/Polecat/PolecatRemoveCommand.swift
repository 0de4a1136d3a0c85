// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt polecat remove`.
struct PolecatRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a polecat: its directory and its bead.",
    discussion: """
      Without --force, refuses to remove a polecat that is running, has work on its hook, or has work that is not \
      committed or not pushed. The rig's Witness is notified of work that was on the hook.
      """)
  @Argument(help: "RIG/NAME.", completion: .polecat)
  var polecat: String
  @Flag(help: "End the polecat if it is running, clear its hook, and discard work that is not committed or pushed.")
  var force = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("polecat remove", needsSettings: true)
      let identity = try PolecatCommand.identity(polecat, layout: town.layout)
      let store = try town.store.get()
      let beads = await town.world.readBeads(hooks: [])
      let (snapshot, ledger) = await town.look(beads: beads)
      guard let observation = snapshot.agents.first(where: { $0.agent == identity }) else {
        throw AddressError("there is no polecat \(identity.address); see: gt polecat list")
      }
      if case .unknown(let reason) = observation.bead, !force {
        throw Unreadable(
          description: "\(identity.address) is left as it is, because its bead cannot be read: \(reason)")
      }
      if case .failure(let error) = ledger, !force {
        throw Unreadable(
          description: "\(identity.address) is left as it is, because it is unknown whether it is running: \(error)")
      }
      let directory = PolecatDirectory(town: town, identity: identity)
      switch observation.liveness {
      case .alive(let life, _) where !force:
        throw CommandRefusal(
          "\(identity.address) runs (pid \(life.pid)); stop it first with: gt session stop \(identity.address)")
      case .unknown(let reason) where !force: throw CommandRefusal("\(identity.address) may be running: \(reason)")
      case .absent, .dead:
        if !force, let pid = directory.worker(among: town.world.processes) {
          throw CommandRefusal(
            "\(identity.address) may be running: pid \(pid) was started in its session and is in its directory")
        }
      default: break
      }
      let work = await hooked(by: observation, in: town)
      if let work, !force {
        throw CommandRefusal(
          "\(identity.address) has \(displayable(work)) on its hook; clear the hook first with: gt agent set "
            + "\(identity.address) --hook none; or, to remove it anyway and notify \(identity.guardians.joined()) "
            + "of its work: gt polecat remove \(identity.address) --force")
      }
      if !force { try await directory.checkLoss() }
      try await rest(identity, liveness: observation.liveness, in: town)
      if let work { await tell(of: work, town: town, agent: identity) }
      try await directory.remove(force: force)
      if case .known(let bead?) = observation.bead {
        _ = try await store.retireAgent(bead.id, reason: "removed by \(TownOptions.person)")
      }
      try Holds(layout: town.layout).clear(identity)
      print("\(identity.address) is removed.")
    }
  }

  /// Ends it, and sees that the daemon does not start it again while it is taken apart.
  private func rest(_ agent: AgentIdentity, liveness: Liveness, in town: OpenTown) async throws {
    guard case .absent = liveness else {
      _ = try await SessionDirector(town: town).carryOut(.stop, agent, why: "removed")
      return
    }
    let holds = Holds(layout: town.layout)
    guard try holds.decision(on: .agent(agent)) == nil else { return }
    let hold = Hold(kind: .stop, who: TownOptions.person, when: LiveTown.wallClock(), why: "removed")
    try holds.set(hold, on: agent)
  }

  /// The work on its hook, unless that is known to be over.
  private func hooked(by observation: AgentObservation, in town: OpenTown) async -> String? {
    guard let bead = observation.bead.value ?? nil, !bead.status.isOver, let hook = bead.hookBead else { return nil }
    let reading = await town.world.readAfresh([hook])[hook]
    if case .known(let work?)? = reading, work.status.isOver { return nil }
    return hook
  }

  private func tell(of work: String, town: OpenTown, agent: AgentIdentity) async {
    do {
      try await town.world.send(.removed(agent, hook: work, by: TownOptions.person))
    } catch {
      complain(
        "\(agent.guardians.joined()) could not be notified of \(displayable(work)): \(displayable("\(error)"))",
        program: "gt")
    }
  }
}
