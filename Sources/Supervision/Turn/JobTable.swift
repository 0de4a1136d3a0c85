// SPDX-License-Identifier: Apache-2.0

/// The slow work beside the loop: what is under way, for which agents, and whether it is overdue.
struct JobTable: Sendable {
  struct Job: Sendable {
    var effect: Effect
    /// On the clock of the world's uptime. Every effect ends itself before this; a job that is still
    /// there then is a fault of ours, and the service manager is to know it.
    var deadline: Duration
  }

  private(set) var jobs: [Int: Job] = [:]
  private var next = 0

  mutating func add(_ effect: Effect, deadline: Duration) -> Int {
    next += 1
    jobs[next] = Job(effect: effect, deadline: deadline)
    return next
  }

  mutating func finish(_ job: Int) { jobs[job] = nil }

  /// Sessions for which a process is being started or ended, or a bead marked: rules leave them alone.
  var busy: Set<String> { keys(of: .busy) }

  /// Sessions whose agents are being adopted; nothing else has to wait for that.
  var adopting: Set<String> { keys(of: .adopts) }

  /// Sessions whose control groups are being changed; nothing else has to wait for that.
  var confining: Set<String> { keys(of: .confines) }

  /// Whether messages are being sent.
  var isTelling: Bool { has(.sends) }

  /// Whether a message of this key is among them.
  func isTelling(_ key: String) -> Bool { keys(of: .sends).contains(key) }

  /// Sessions that no other effect may type to or wait for.
  var occupied: Set<String> { busy.union(keys(of: .types)) }

  /// Whether nothing is under way.
  var isEmpty: Bool { jobs.isEmpty }

  /// Whether all that a beat can have set in motion has ended.
  var isQuiet: Bool {
    jobs.values.allSatisfy { $0.effect.traits.contains(.outlastsBeats) }
  }

  var isReading: Bool { has(.readsBeads) }

  var isClosingMail: Bool { has(.closesMail) }

  func overdue(at uptime: Duration) -> [String] {
    jobs.values.filter { $0.deadline < uptime }.map(\.effect.name).sorted()
  }

  /// Whether a process of this agent is being started, or ended, already.
  func isHandling(_ session: String) -> Bool { keys(of: .changesProcess).contains(session) }

  private func has(_ traits: Effect.Traits) -> Bool { jobs.values.contains { $0.effect.traits.contains(traits) } }

  private func keys(of traits: Effect.Traits) -> Set<String> {
    jobs.values.reduce(into: []) { keys, job in
      if job.effect.traits.contains(traits) { keys.formUnion(job.effect.keys) }
    }
  }
}
