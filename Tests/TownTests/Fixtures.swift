// SPDX-License-Identifier: Apache-2.0

@testable import Town

/// What the rules' tests are told in: a moment, a boot, and short ways to say what was seen.
enum Given {
  static let now = Timestamp(seconds: 1_800_000_000)
  static let boot = "boot-1"
  static let town = "town-1"
  static let server = ServerIdentity(pid: 100, startedAt: 1_700_000_000)
  static let toast = AgentIdentity.polecat(rig: "my-rig", name: "toast")

  static func ago(_ seconds: Int64) -> Timestamp { Timestamp(nanoseconds: now.nanoseconds - seconds * 1_000_000_000) }
  static func later(_ seconds: Int64) -> Timestamp { ago(-seconds) }

  static func life(_ pid: Int32 = 4711, boot: String = boot, pane: String = "%1") -> ProcessLife {
    ProcessLife(boot: boot, server: server, pane: pane, pid: pid, startTime: 99)
  }

  static func place(own: Bool = true, marked: Bool = true) -> Liveness.Place {
    Liveness.Place(serverName: own ? "ours" : "theirs", isOwnServer: own, isMarked: marked)
  }

  static func alive(_ life: ProcessLife = life(), own: Bool = true, marked: Bool = true) -> Liveness {
    .alive(life, place: place(own: own, marked: marked))
  }

  static func corpse(_ cause: ExitCause? = .signalled(9), pid: Int32 = 4711, pane: String = "%1") -> Liveness {
    .dead(Liveness.Corpse(place: place(), server: server, pane: pane, pid: pid, cause: cause))
  }

  static func shell(attached: Bool = false, belongs: Bool = true) -> Liveness {
    .deadShell(Liveness.Shell(life: life(50), place: place(), isAttached: attached, belongsHere: belongs))
  }

  static func bead(
    _ agent: AgentIdentity = toast, state: String? = "working", hook: String? = "gt-x1", status: Bead.Status = .open,
    updated: Timestamp = ago(3600), created: Timestamp = ago(86_400)
  ) -> Bead {
    Bead(
      id: agent.bead, title: agent.address,
      description: "title\n\nagent_state: \(state ?? "null")\nhook_bead: \(hook ?? "null")", status: status,
      type: "agent",
      createdAt: created, updatedAt: updated)
  }

  static func work(_ status: Bead.Status, id: String = "gt-x1") -> Bead {
    Bead(id: id, title: "work", status: status, type: "task", createdAt: ago(9), updatedAt: ago(9))
  }

  static func seen(
    _ agent: AgentIdentity = toast, _ liveness: Liveness = .absent, bead: Reading<Bead?>? = nil, work: Bead? = nil,
    hooked: Reading<Bead?>? = nil, hold: Reading<Hold?> = .known(nil), hasDirectory: Bool = true,
    worktree: WorktreeStanding = .sound
  ) -> AgentObservation {
    AgentObservation(
      agent: agent, liveness: liveness, bead: bead ?? .known(self.bead(agent)), work: work, hooked: hooked, hold: hold,
      hasDirectory: hasDirectory, worktree: worktree)
  }

  static func snapshot(
    _ agents: [AgentObservation], at time: Timestamp = now, boot: String = boot, servers: Set<ServerIdentity> = [server]
  ) -> TownSnapshot {
    TownSnapshot(time: time, boot: boot, agents: agents, servers: servers)
  }

  static let stopped = Hold(kind: .stop, who: "ada", when: nil, why: "lunch")
  static let held = Hold(kind: .hold, who: "ada", when: nil, why: nil)

  /// A ledger in which an agent lives.
  static func ledger(_ agent: AgentIdentity = toast, life: ProcessLife? = life(), restarts: Int = 0) -> Ledger {
    var ledger = Ledger()
    ledger[agent].life = life
    ledger[agent].restarts = restarts
    return ledger
  }
}
