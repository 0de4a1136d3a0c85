// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Beads
internal import GastownDaemon
internal import Supervision
internal import Town
internal import TownFiles

/// `gt polecat`.
struct PolecatCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "polecat", abstract: "Polecats: the workers of a rig.",
    subcommands: [PolecatAddCommand.self, PolecatListCommand.self, PolecatRemoveCommand.self])

  /// Reads `RIG/NAME` of a registered rig.
  static func identity(_ text: String, layout: TownLayout) throws -> AgentIdentity {
    let parts = text.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    guard parts.count == 2 else {
      throw AddressError("\(quotedForDisplay(text)) is not of the form RIG/NAME")
    }
    let rigs = try RigRegistry(layout: layout).rigs().map(\.name)
    guard rigs.contains(parts[0]) else {
      let known =
        rigs.isEmpty
        ? "there is none yet; add it with: gt rig add \(displayable(parts[0]))"
        : "there are: \(rigs.joined(separator: ", "))"
      throw AddressError("no rig named \(quotedForDisplay(parts[0])); \(known)")
    }
    try TownName.checkPolecat(parts[1])
    return .polecat(rig: parts[0], name: parts[1])
  }
}

/// `gt polecat list`.
struct PolecatListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "list", abstract: "List polecats and what they are doing.")
  @Argument(help: "Only this rig.")
  var rig: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  struct Row: Encodable {
    var polecat: String
    var agentState: String?
    var hookBead: String?
    var directory: String

    enum CodingKeys: String, CodingKey {
      case polecat, directory
      case agentState = "agent_state"
      case hookBead = "hook_bead"
    }
  }

  func run() async throws {
    try await failing {
      let town = try options.open("polecat list")
      let beads = await town.world.readBeads(hooks: [])
      for failure in beads.failures { complain(displayable(failure), program: "gt") }
      let snapshot = await town.world.look(beads: beads)
      if let failure = snapshot.registryFailure { throw Unreadable(description: failure) }
      let rows = snapshot.agents.filter { $0.agent.role == .polecat && (rig == nil || $0.agent.rig == rig) }.map {
        let bead = $0.bead.value ?? nil
        return Row(
          polecat: $0.agent.address, agentState: bead?.agentState?.rawValue, hookBead: bead?.hookBead,
          directory: town.layout.directory(of: $0.agent))
      }
      if json { return try printJSON(["polecats": rows]) }
      guard !rows.isEmpty else { return print("No polecats. Add one with: gt polecat add RIG/NAME") }
      let table =
        [["POLECAT", "STATE", "HOOK"]]
        + rows.map { [$0.polecat, displayable($0.agentState ?? "-"), displayable($0.hookBead ?? "-")] }
      print(TextTable.lines(table).joined(separator: "\n"))
    }
  }
}

/// `gt polecat add`.
struct PolecatAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add a polecat: its directory, a worktree where the rig has a repository, and its bead.")
  @Argument(help: "RIG/NAME.")
  var polecat: String
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("polecat add")
      let identity = try PolecatCommand.identity(polecat, layout: town.layout)
      try await NameCollisions(town: town).check([identity])
      let store = try town.store.get()
      let directory = PolecatDirectory(town: town, identity: identity)
      let isNew = try await directory.make()
      do {
        _ = try await store.createAgent(identity)
      } catch {
        // What was just made goes again, so that the command can be repeated.
        if isNew { try? await directory.remove(force: true) }
        throw error
      }
      print("\(identity.address) is added, idle and with nothing on its hook.")
      print("To give it work: gt agent set \(identity.address) --hook BEAD --state working")
    }
  }
}

/// `gt polecat remove`.
struct PolecatRemoveCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "remove", abstract: "Remove a polecat: its directory and its bead.",
    discussion: "Refuses one that runs, and one whose work is not committed or not pushed, without --force.")
  @Argument(help: "RIG/NAME.")
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
