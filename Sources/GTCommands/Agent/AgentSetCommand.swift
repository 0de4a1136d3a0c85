// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import Control
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt agent set`.
struct AgentSetCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "set", abstract: "Change an agent's bead.",
    discussion: "Changes only the given fields. Creates the bead if the agent has none.")
  @Argument(help: "The agent: RIG/NAME, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String
  @Option(
    help: "The agent's state: working, idle, done, … any word.",
    completion: .list(["working", "idle", "done", "running", "stopped"]))
  var state: String?
  @Option(help: "The bead on its hook (it need not exist), or none.")
  var hook: String?
  @OptionGroup var options: TownOptions

  func validate() throws {
    if state == nil, hook == nil { throw ValidationError("Nothing to change: give --state, --hook, or both.") }
    if let hook, !BeadRules.isID(hook) { throw ValidationError("--hook: \(BeadRules.noID(hook))") }
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
      let state = state.map { AgentState(rawValue: $0) }
      let change = hook.map { $0 == "none" ? HookChange.empty : .bead($0) }
      let former = try await AgentCommand.existingBead(of: identity, in: store)
      let isNew = former.map { isUntouched($0, of: identity, in: town.layout) } ?? false
      let changed =
        if let bead = former {
          try await store.setAgent(bead.id, state: state, hook: change)
        } else {
          try await store.createAgent(identity, state: state ?? .idle, hook: change?.value)
        }
      print(
        "\(identity.address): \(changed.agentState.map { displayable($0.rawValue) } ?? "no state"), \(changed.hookBead.map { "\(displayable($0)) on its hook" } ?? "nothing on its hook")"
      )
      if isNew {
        let entry = HistoryEntry.changed(at: LiveTown.wallClock(), hook: changed.hookBead)
        try? HistoryFiles(layout: town.layout).append([entry], to: identity.session)
      }
      // The daemon need not wait for its next heartbeat to learn of new work.
      if let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) {
        _ = try? await client.call(Refresh(), deadline: .seconds(5))
      }
    }
  }

  /// Whether the bead is as the last command left it, since the agent was added: it has never been started.
  private func isUntouched(_ bead: Bead, of agent: AgentIdentity, in layout: TownLayout) -> Bool {
    let history = (try? HistoryFiles(layout: layout).entries(of: agent.session)) ?? []
    return HistoryEntry.additionOnly(history).map { HistoryEntry.isUntouched(bead, since: $0) } ?? false
  }
}
