// SPDX-License-Identifier: Apache-2.0

import Supervision
@testable import Town

/// What befalls the agents of a model town.
extension ModelTown {
  /// A polecat with work on its hook; it does not live.
  @discardableResult
  func addPolecat(_ name: String, hook: String? = "gt-work", state word: String = "working") -> AgentIdentity {
    let agent = AgentIdentity.polecat(rig: "rig", name: name)
    with { state in
      state.agents.append(agent)
      let time = Timestamp(nanoseconds: state.now.nanoseconds - 3_600_000_000_000)
      state.beads[agent.bead] = Bead(
        id: agent.bead, title: name, description: "\(name)\n\nagent_state: \(word)\nhook_bead: \(hook ?? "null")",
        type: "agent",
        createdAt: time, updatedAt: time)
    }
    return agent
  }

  /// Lets an agent ask for something: its state file first, then the mail to the Deacon.
  func ask(_ action: LifecycleAction, _ agent: AgentIdentity, id: String = "gt-m1", body: String? = nil) {
    with { state in
      state.stateFiles[agent] = .known([
        action.stateKey: .bool(true), LifecycleRequest.timeKey: .string("now"), "notes": .string("mine"),
      ])
      state.inbox.append(
        Message(
          id: id, sender: agent.mailbox, subject: "LIFECYCLE: \(agent.address) requesting \(action.rawValue)",
          body: body ?? action.rawValue, sentAt: state.now))
    }
  }

  /// Announces a polecat that somebody else has started.
  func announce(_ agent: AgentIdentity, id: String = "gt-m1") {
    with { state in
      state.inbox.append(
        Message(
          id: id, sender: agent.mailbox, subject: "POLECAT_STARTED \(agent.address)",
          body: "Session: \(agent.session)\nIssue: gt-work", sentAt: state.now))
    }
  }

  /// Makes a process for an agent, as tmux does: a second one in one session is refused.
  func spawn(_ agent: AgentIdentity) -> ProcessLife? {
    with { state in
      if case .alive? = state.sessions[agent.session] { return nil }
      let count = state.processes.values.reduce(1, +)
      let life = ProcessLife(
        boot: ModelTown.boot, server: ModelTown.server, pane: "%\(count)", pid: Int32(5_000 + count),
        startTime: UInt64(count))
      state.processes[agent.session, default: 0] += 1
      state.sessions[agent.session] = .alive(life, place: ModelTown.place)
      return life
    }
  }

  /// Puts work on an agent's hook, or takes it away.
  func hook(_ work: String?, on agent: AgentIdentity) {
    with { state in
      guard var bead = state.beads[agent.bead] else { return }
      var fields = AgentFields(description: bead.description)
      fields.set(.hookBead, to: work)
      bead.description = fields.description
      bead.updatedAt = state.now
      state.beads[agent.bead] = bead
    }
  }

  /// Lets agents live, without anybody having started them.
  func raise(_ agents: AgentIdentity...) { for agent in agents { _ = spawn(agent) } }

  /// Ends an agent's process; its pane stays.
  func kill(_ agents: AgentIdentity..., cause: ExitCause = .signalled(9)) {
    with { state in
      for agent in agents {
        guard case .alive(let life, let place)? = state.sessions[agent.session] else { continue }
        state.sessions[agent.session] = .dead(
          Liveness.Corpse(place: place, server: life.server, pane: life.pane, pid: life.pid, cause: cause))
      }
    }
  }

  func isAlive(_ agent: AgentIdentity) -> Bool { with { $0.sessions[agent.session]?.isAlive ?? false } }

  func processes(of agent: AgentIdentity) -> Int { with { $0.processes[agent.session] ?? 0 } }

  /// Without the last words, which come when they come.
  func events(of agent: AgentIdentity?) -> [EventKind] {
    log.compactMap { if case .event(let kind, agent?.session) = $0, kind != .lastWords { kind } else { nil } }
  }

  var errors: [String] { log.compactMap { if case .error(let text) = $0 { text } else { nil } } }
}
