// SPDX-License-Identifier: Apache-2.0

import Town

/// People's commands on their way: those that wait, and those that are answered when a start or an end is done. Each has
/// a ticket, by which the supervisor finds the caller.
struct CommandDesk: Sendable {
  struct Command: Sendable {
    var command: PersonCommand
    var ticket: Int
    /// Whether it is begun: then it is carried out, whether its answer is awaited or not.
    var isBegun = false
  }

  /// A stop that is taken back once it is written down that its agent is started.
  struct Lift: Sendable {
    var agent: AgentIdentity
    /// The command that is answered with this then.
    var answer: (ticket: Int, outcome: CommandOutcome)?
  }

  /// Commands for agents that were busy when they were given.
  private(set) var postponed: [Command] = []
  /// The commands whose agents are being started, by session.
  private var starting: [String: Int] = [:]
  /// The commands whose agents are being ended, by job. One that is cancelled before it has begun posts no event.
  private var ending: [Int: Int] = [:]
  private var lifts: [Lift] = []

  mutating func postpone(_ command: Command) { postponed.append(command) }

  mutating func takePostponed() -> [Command] {
    defer { postponed = [] }
    return postponed
  }

  mutating func noteStart(of session: String, for ticket: Int) { starting[session] = ticket }
  func isStarting(_ session: String) -> Bool { starting[session] != nil }
  mutating func takeStart(of session: String) -> Int? { starting.removeValue(forKey: session) }

  mutating func noteEnd(by job: Int, for ticket: Int) { ending[job] = ticket }
  mutating func takeEnd(by job: Int) -> Int? { ending.removeValue(forKey: job) }

  mutating func lift(_ agent: AgentIdentity) { lifts.append(Lift(agent: agent)) }
  mutating func lift(_ agent: AgentIdentity, answering ticket: Int, with outcome: CommandOutcome) {
    lifts.append(Lift(agent: agent, answer: (ticket, outcome)))
  }
  mutating func takeLifts() -> [Lift] {
    defer { lifts = [] }
    return lifts
  }

  /// Refuses all that still waits, as the daemon stops.
  mutating func close() -> [(ticket: Int, refusal: CommandRefusal)] {
    let stopping = CommandRefusal("the daemon is stopping")
    let ends = CommandRefusal("the daemon is stopping; \(SupervisionState.stopRemains)")
    defer { self = CommandDesk() }
    return starting.values.map { ($0, stopping) } + ending.values.map { ($0, ends) }
      + postponed.map { ($0.ticket, stopping) }
  }
}
