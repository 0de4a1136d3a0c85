// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

/// The whole world of one simulation: clocks, processes, tmux servers, beads, mail and files. It outlives the
/// daemons that look after it.
struct SimulatedWorld: Sendable {
  /// The mark of this town's panes, and its root.
  static let town = "/town"
  static let tick: Int64 = 30_000

  // Time.
  /// Milliseconds since the simulation began, without those in which the machine was suspended.
  var clock: Int64 = 0
  /// The wall clock at the simulation's beginning, in milliseconds since 1970; it moves when the clock is set.
  var zero: Int64 = 1_800_000_000_000
  var bootedAt: Int64 = -1_000_000
  var boots = 1
  var agenda = Agenda<ScheduledEvent>()
  var dice: Dice
  var trace: Trace

  // The town.
  var rigs: [Rig]
  var agents: [SimulatedAgent]
  let index: [String: Int]
  var servers: [SimulatedServer] = []
  /// The tmux servers of another user of the machine.
  var strangers: [SimulatedServer] = []
  var processes: [Int32: SimulatedProcess] = [:]
  /// What has detached itself from agents, by pid.
  var children: [Int32: SimulatedChild] = [:]
  var lastPID: Int32 = 1_000
  var lastServer = 0
  var beads: [String: Bead] = [:]
  var work: [String: Bead] = [:]
  var lastWork = 0
  var inbox: [Message] = []
  var lastMail = 0
  /// How many marks of lives were given out.
  var lastMark = 0
  /// The agents' own state files, by session.
  var stateFiles: [String: [String: JSONValue]] = [:]
  /// When somebody last used `gt`, by the wall clock.
  var lastActivity: Int64 = 1_800_000_000_000
  /// What does not work, and since when.
  var troubles: [Outage: Int64] = [:]

  // What daemons have written.
  var ledger = Ledger()
  var pending: [PendingSpawn] = []
  var capsules: Set<String> = []
  var decisions: [String: HistoryEntry] = [:]
  /// What an earlier daemon has read; only planted faults ask for it.
  var oldLedger: Ledger?
  /// When a command was missing last; only planted faults ask for it.
  var missedAt: Int64?
  /// Since when a command is missing.
  var missingSince: Int64?
  /// Whether the command that was missing last was so for a moment only, for which no agent is parked.
  var wasMissingBriefly = false

  // Who waits.
  var waits: [Int: Wait] = [:]
  var lastWait = 0
  var watchers: [Int32: [Int]] = [:]
  var clockWatchers: [Int] = []

  var daemon: DaemonProcess?
  var lastDaemon = 0
  var inspector = Inspector()
  /// A guard of the daemon's at its door to the world that is dropped on purpose.
  let plant: SeededDefect?
  let extras: Set<Extra>

  struct Wait: Sendable {
    var daemon: Int
    /// A sleep goes on while the machine is suspended; everything else stands still.
    var isSleep: Bool
    var continuation: CheckedContinuation<Void, any Error>
  }

  init(_ scenario: Scenario, plant: SeededDefect?, trace: Trace.Extent) {
    self.plant = plant
    extras = scenario.extras
    dice = Dice(seed: scenario.seed ^ 0x7A11_5EED)
    self.trace = Trace(trace)
    rigs = scenario.rigs.map { Rig(name: $0, addedAt: Timestamp(seconds: 1_700_000_000)) }
    let agents = scenario.agents.map { SimulatedAgent($0) }
    self.agents = agents
    index = Dictionary(uniqueKeysWithValues: agents.indices.map { (agents[$0].session, $0) })
    for (number, incident) in scenario.entries.enumerated() {
      agenda.enter(.incident(number), at: incident.time)
    }
    agenda.enter(.tick, at: SimulatedWorld.tick)
    for agent in agents {
      beads[agent.bead] = Bead(
        id: agent.bead, title: agent.session, type: "agent", createdAt: wall, updatedAt: wall,
        stateSlot: agent.identity.role == .polecat ? "idle" : "running")
    }
    settleIn()
  }

  /// Some live and work already, some have work and do not live.
  private mutating func settleIn() {
    startOwnServer()
    for number in agents.indices {
      let role = agents[number].identity.role
      if role == .polecat, dice.chance(75) { hook(number, isSpawning: false) }
      if dice.chance(60) { bringUp(number, on: ownServer ?? 0, isMarked: true, byDaemon: false) }
    }
  }

  /// The wall clock's time.
  var wall: Timestamp { Timestamp(nanoseconds: (zero + clock) * 1_000_000) }

  var boot: String { "boot-\(boots)" }

  func has(_ trouble: Outage) -> Bool { troubles[trouble] != nil }

  mutating func note(_ line: String) { trace.add("\(clock) \(line)") }

  mutating func nextPID() -> Int32 {
    lastPID += 1
    return lastPID
  }

  mutating func wake(_ id: Int, throwing error: (any Error)? = nil) {
    guard let wait = waits.removeValue(forKey: id) else { return }
    if let error { wait.continuation.resume(throwing: error) } else { wait.continuation.resume() }
  }
}

/// One process of the daemon, as the world knows it.
struct DaemonProcess: Sendable {
  let number: Int
  let mode: Supervisor.Mode
  /// Whether it has ended; nothing that it does has any effect then.
  var isDead = false
  var startedAt: Int64
  /// Whether its first look was taken.
  var isReady = false
  /// How many effects are left to it; `nil` where it is not to die of itself.
  var fuse: Int?
  /// How long until it is started again.
  var pause: Int64 = 100
  /// What was last read afresh of a bead: whether it was known, and what was on the hook.
  var fresh: [String: Reading<Bead?>] = [:]
  /// Whether a watchdog's question waits for its answer, and since when.
  var askedAt: Int64?
}

extension SimulatedWorld {
  mutating func newMark() -> String {
    lastMark += 1
    return "mark-\(lastMark)"
  }
}
