// SPDX-License-Identifier: Apache-2.0

/// The slow work beside the loop: what is under way, for whom, and whether it is overdue.
struct JobTable {
  enum Kind: String, Sendable {
    case readBeads = "reading the beads"
    case confirm = "reading beads afresh before a start"
    case launch = "starting an agent"
    case end = "ending an agent"
    case adopt = "adopting an agent"
    case request = "carrying out a lifecycle request"
    case closeMail = "taking mail out of the Deacon's inbox"
    case mark = "marking an agent dead"
    case readHooks = "reading the work on hooks"
    case tell = "sending a message"
    case announce = "telling a person's command of an event"
    case begin = "telling an agent to begin"
    case evidence = "gathering the evidence of deaths"
    case confine = "putting an agent into a control group of its own"
    case sweep = "clearing up behind a dead agent"
  }

  struct Job {
    var kind: Kind
    var sessions: Set<String>
    /// On the clock of the world's uptime. Every effect ends itself before this; a job that is still
    /// there then is a fault of ours, and the service manager is to know it.
    var deadline: Duration
    var task: Task<Void, Never>?
  }

  private(set) var jobs: [Int: Job] = [:]
  private var next = 0

  mutating func add(_ kind: Kind, sessions: Set<String> = [], deadline: Duration) -> Int {
    next += 1
    jobs[next] = Job(kind: kind, sessions: sessions, deadline: deadline)
    return next
  }

  mutating func attach(_ task: Task<Void, Never>, to job: Int) { jobs[job]?.task = task }

  mutating func finish(_ job: Int) { jobs[job] = nil }

  /// Sessions for which a process is being started or ended, or a bead marked: rules leave them alone.
  var busy: Set<String> { sessions(of: [.confirm, .launch, .end, .request, .mark]) }

  /// Sessions whose agents are being adopted; nothing else has to wait for that.
  var adopting: Set<String> { sessions(of: [.adopt]) }

  /// Sessions whose control groups somebody sees to; nothing else has to wait for that.
  var confining: Set<String> { sessions(of: [.confine, .sweep]) }

  /// Whether a message of this key is on its way.
  func isTelling(_ key: String) -> Bool { sessions(of: [.tell]).contains(key) }

  /// Sessions that nobody else may type to or wait for.
  var occupied: Set<String> { busy.union(sessions(of: [.begin])) }

  /// Whether nothing is under way.
  var isEmpty: Bool { jobs.isEmpty }

  /// Whether all that a beat can have set in motion has ended.
  var isQuiet: Bool {
    !jobs.values.contains { ![.begin, .readBeads, .confine, .sweep].contains($0.kind) }
  }

  var isReading: Bool { jobs.values.contains { $0.kind == .readBeads } }

  var isClosingMail: Bool { jobs.values.contains { $0.kind == .closeMail } }

  func overdue(at uptime: Duration) -> [String] {
    jobs.values.filter { $0.deadline < uptime }.map(\.kind.rawValue).sorted()
  }

  /// Whether a process of this agent is being started, or ended, already.
  func isHandling(_ session: String) -> Bool { sessions(of: [.launch, .end, .request]).contains(session) }

  func cancelAll() { for job in jobs.values { job.task?.cancel() } }

  private func sessions(of kinds: Set<Kind>) -> Set<String> {
    jobs.values.reduce(into: []) { sessions, job in if kinds.contains(job.kind) { sessions.formUnion(job.sessions) } }
  }
}
