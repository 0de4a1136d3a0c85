// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

/// What the promises are held against: the true course of events, as no daemon sees it.
struct Inspector: Sendable {
  struct Request: Sendable {
    var agent: Int
    var sentAt: Int64
    var action: LifecycleAction
    var executions = 0
  }

  /// The first promise that was broken.
  var violation: Violation?
  var steps = 0
  var effects = 0
  /// The events that the journal has, by their ids.
  var told: Set<String> = []
  /// Requests that agents have truly made, by message.
  var requests: [String: Request] = [:]
  /// When something last did not work, or the clock was set.
  var lastTrouble: Int64 = 0
  /// When something was last not written because the disk was full.
  var lastLostWrite: Int64 = -1_000_000
  /// When everything that was remembered was lost.
  var lastLostLedger: Int64 = -1_000_000
  /// Starts by the daemon's rules.
  var ruleStarts: [Int64] = []
  /// How often each process's end was told as a crash, and when it ended.
  var crashes: [Int32: Int] = [:]
  var deaths: [Int32: Int64] = [:]
  /// Since when an intent has been in the ledger, by session.
  var intents: [String: Int64] = [:]
  /// When the wait for an agent's prompt was given up.
  var dropped: [String: Int64] = [:]
  /// People's commands that wait for their answer.
  var openCommands = 0
  /// Processes that are being ended, rightly.
  var ending: Set<Int32> = []
  /// How often something worth knowing came to pass, so that a scenario in which nothing happens shows.
  var counts: [String: Int] = [:]
}

extension SimulatedWorld {
  mutating func violate(_ promise: Promise, _ text: String) {
    guard inspector.violation == nil else { return }
    let violation = Violation(promise: promise, text: text, time: clock, step: inspector.steps)
    inspector.violation = violation
    note("violation of \(violation)")
  }

  /// What was remembered is no more. Whatever was begun is forgotten, and what was told may be told again.
  mutating func loseLedger() {
    ledger = Ledger()
    inspector.lastLostLedger = clock
    inspector.lastLostWrite = clock
    inspector.intents = [:]
    for number in agents.indices {
      agents[number].owedStartSince = nil
      agents[number].owedWordSince = nil
    }
  }

  /// Since when nothing has been in the daemon's way; `nil` while something is.
  var calmSince: Int64? {
    guard hasNoExcuse, let daemon, !daemon.isDead, daemon.mode == .town, daemon.isReady else { return nil }
    return max(inspector.lastTrouble, daemon.startedAt)
  }

  /// Whether nothing is the matter that would excuse the daemon.
  var hasNoExcuse: Bool { troubles.keys.allSatisfy(\.isNoExcuse) }

  /// How long a death may go unanswered while nothing is in the way: the longest back-off, and for many the
  /// limit of starts in a minute.
  var bound: Int64 { 7 * 60_000 + Int64(agents.count) * 2_500 }

  /// Whether an agent ought to live, by what people and its bead say.
  func oughtToLive(_ number: Int) -> Bool {
    let agent = agents[number]
    if agent.hold != nil { return false }
    let hook = beads[agent.bead]?.hookBead
    if let shutdown = ledger.agents[agent.session]?.shutdown, shutdown.hook == hook { return false }
    switch agent.identity.role {
    case .deacon, .witness: return true
    case .mayor, .refinery, .crew: return false
    case .polecat:
      guard let bead = beads[agent.bead], !bead.status.isOver, let hook, work[hook]?.status.isOver != true else {
        return false
      }
      return ![.done, .nuked, .stopped, .dead].contains(bead.agentState)
    }
  }
}
