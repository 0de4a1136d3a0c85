// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Beads
internal import Control
internal import GastownDaemon
internal import Town
internal import TownFiles

/// `gt agent`.
struct AgentCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "agent", abstract: "Agents' beads: what they say of themselves, and what is on their hooks.",
    subcommands: [AgentListCommand.self, AgentSetCommand.self, AgentShowCommand.self])

  /// The bead of an agent.
  ///
  /// - Throws: `AddressError` where it has none; `BeadStoreError` where that cannot be known.
  static func bead(of agent: AgentIdentity, in store: any BeadStore) async throws -> Bead {
    let readings = try await store.beads(agent.beads)
    for id in agent.beads {
      if case .known(let bead?)? = readings[id] { return bead }
    }
    for id in agent.beads {
      if case .unknown(let reason)? = readings[id] { throw Unreadable(description: reason) }
    }
    throw AddressError("\(agent.address) has no agent bead (\(agent.bead))")
  }
}

/// An agent's bead, as `--json` prints it.
struct AgentRow: Encodable {
  var agent: String?
  var bead: String
  var status: String
  var agentState: String?
  var hookBead: String?
  var updatedAt: Timestamp

  init(_ bead: Bead, agent: AgentIdentity?) {
    self.agent = agent?.address
    self.bead = bead.id
    status = bead.status.rawValue
    agentState = bead.agentState?.rawValue
    hookBead = bead.hookBead
    updatedAt = bead.updatedAt
  }

  enum CodingKeys: String, CodingKey {
    case agent, bead, status
    case agentState = "agent_state"
    case hookBead = "hook_bead"
    case updatedAt = "updated_at"
  }
}

/// `gt agent list`.
struct AgentListCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "list", abstract: "List the agents' beads.")
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("agent list")
      let roster = Roster(rigs: try RigRegistry(layout: town.layout).rigs().map(\.name))
      let listing = try await town.store.get().agents()
      let rows = listing.beads.filter { !$0.status.isOver }.map { AgentRow($0, agent: roster.agent(bead: $0.id)) }
        .sorted { $0.bead < $1.bead }
      if json {
        try printJSON(["agents": rows])
      } else if rows.isEmpty {
        print("No agent beads.")
      } else {
        let table =
          [["AGENT", "STATE", "HOOK", "BEAD", "UPDATED"]]
          + rows.map {
            [
              $0.agent ?? "-", displayable($0.agentState ?? "-"), displayable($0.hookBead ?? "-"), displayable($0.bead),
              "\($0.updatedAt)",
            ]
          }
        print(TextTable.lines(table).joined(separator: "\n"))
      }
      let failures = listing.failures
      for failure in failures { complain(displayable(failure.reason), program: "gt") }
      if !failures.isEmpty { throw ExitCode(ExitStatus.unavailable) }
    }
  }
}

/// `gt agent show`.
struct AgentShowCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "show", abstract: "Show one agent's bead.")
  @Argument(help: "The agent: RIG/NAME, RIG/witness, deacon, mayor.")
  var agent: String
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("agent show")
      let identity = try AddressBook(layout: town.layout).agent(agent, in: TownOptions.currentRig(town.layout))
      let bead = try await AgentCommand.bead(of: identity, in: try town.store.get())
      if json { return try printJSON(AgentRow(bead, agent: identity)) }
      print("\(bead.id) (\(bead.status.rawValue), updated \(bead.updatedAt))")
      for line in bead.description.split(separator: "\n", omittingEmptySubsequences: false) {
        print("  \(displayable(String(line)))")
      }
    }
  }
}

/// `gt agent set`.
struct AgentSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change what an agent's bead says.", discussion: "Only what is named is changed.")
  @Argument(help: "The agent: RIG/NAME, RIG/witness, deacon, mayor.")
  var agent: String
  @Option(help: "Its state: working, idle, done, … any word.")
  var state: String?
  @Option(help: "The bead on its hook, which need not exist, or none.")
  var hook: String?
  @OptionGroup var options: TownOptions

  func validate() throws {
    if state == nil, hook == nil { throw ValidationError("Name what is to be changed: --state, --hook, or both.") }
    if let state,
      state.isEmpty || !state.allSatisfy({ $0.isASCII && ($0.isLetter || $0.isNumber || "-_".contains($0)) })
    {
      throw ValidationError("A state is one word of letters, digits, '-' and '_'.")
    }
  }

  func run() async throws {
    try await failing {
      let town = try options.open("agent set")
      let identity = try AddressBook(layout: town.layout).agent(agent, in: TownOptions.currentRig(town.layout))
      let store = try town.store.get()
      let bead = try await AgentCommand.bead(of: identity, in: store)
      let change = hook.map { $0 == "none" ? HookChange.empty : .bead($0) }
      let changed = try await store.setAgent(bead.id, state: state.map { AgentState(rawValue: $0) }, hook: change)
      print(
        "\(identity.address): \(changed.agentState?.rawValue ?? "no state"), \(changed.hookBead.map { "\(displayable($0)) on its hook" } ?? "nothing on its hook")"
      )
      // The daemon need not wait for its next heartbeat to learn of new work.
      if let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) {
        _ = try? await client.call(Refresh(), deadline: .seconds(5))
      }
    }
  }
}
