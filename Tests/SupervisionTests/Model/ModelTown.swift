// SPDX-License-Identifier: Apache-2.0

import Supervision
import Synchronization
@testable import Town

/// A town that exists only in memory: what a ``ModelProcess`` finds, changes and leaves behind. It
/// outlives the supervisors that look after it. Its clock stands still until a test moves it.
final class ModelTown: Sendable {
  /// What the world was asked to do, and what was told to the journal, in the order in which it came.
  enum Call: Hashable, Sendable {
    case look, status, ready, watchdog
    /// A look at these alone.
    case readBeads
    case readAfresh([String])
    case lastWords([String])
    case worktree(String)
    case capsule(String)
    case history
    case launch(String)
    case end(String)
    case adopt(String)
    case remark(String)
    case begin(String)
    case mark(String)
    case closeMail(String)
    case clearRequest(String, LifecycleAction)
    case send(String, subject: String)
    case announce(String, String?)
    case saveLedger, savePending
    case event(EventKind, String?)
    case error(String)
    case sleep(Duration)
    case confine(String)
    /// By the unit's name.
    case sweep(String)
    case broken(String)
  }

  /// Calls that a test can stop on their way.
  enum Gate: Hashable, Sendable {
    case look, readBeads, readAfresh, launch, launched, end, begin, send, mark, closeMail, closedMail, ended,
      clearRequest, saved, lastWords, worktree, announce, adopt, confine, sweep
  }

  struct SaveFailure: Error, CustomStringConvertible { var description: String }

  struct State {
    var now = Timestamp(seconds: 1_800_000_000)
    var uptime: Duration = .seconds(1_000)
    var agents: [AgentIdentity] = [.deacon, .mayor]
    var sessions: [String: Liveness] = [:]
    var servers: Set<ServerIdentity> = [ModelTown.server]
    var host = HostReading()
    /// What the lock says.
    var tenure = Tenure.kept
    var missingCommands: [AgentIdentity.Role: String] = [:]
    /// Whether a person has a command that is told of events.
    var announces = true
    var announceFailure: String?
    var missingDirectories: Set<AgentIdentity> = []
    var beads: [String: Bead] = [:]
    /// Why no bead can be read, where none can.
    var beadFailure: String?
    var holds: [AgentIdentity: Reading<Hold?>] = [:]
    var screens: [String: [String]] = [:]
    /// What becomes of launches instead of a life.
    var outcomes: [AgentIdentity: LaunchRule.Outcome] = [:]
    /// The Deacon's unread mail, oldest first.
    var inbox: [Message] = []
    var inboxFailure: String?
    /// The ids of the events that the journal has.
    var told: Set<String> = []
    var closeFailure: String?
    /// Why no state.json can be written.
    var clearFailure: String?
    /// The agents' own state files.
    var stateFiles: [AgentIdentity: Reading<[String: JSONValue]?>] = [:]
    /// Whether the ends of agents are seen when they happen.
    var noticesEnds = false
    /// How often the clock was set while the supervisor watched it.
    var clockSteps = 0
    /// The tmux servers that have ended.
    var endedServers: Set<ServerIdentity> = []
    /// When processes were started, where that is known.
    var births: [Int32: Timestamp] = [:]
    var registryFailure: String?
    var rigs: [Rig] = [Rig(name: "rig")]
    var saveFailure: String?
    var beginFailure: String?
    var markFailure: String?
    var sendFailure: String?
    /// Why a message can never be sent.
    var undeliverable: String?
    /// How many messages are being sent, and how many were at most.
    var sending = (now: 0, most: 0)
    /// What is doubtful in the store's answers.
    var doubts: [String] = []
    var tmuxFailure: String?
    var otherTmuxFailure: String?
    var endFailure: String?
    /// What becomes of adoptions instead of a mark.
    var adoption: AdoptionRule.Outcome?
    var notices: [Notice] = []
    var ledger = Ledger()
    var pending: [PendingSpawn] = []
    var heartbeats = 0
    var capsules: [String: CrashCapsule] = [:]
    var histories: [String: [HistoryEntry]] = [:]
    /// The last lines of panes, by pane.
    var lastWords: [String: [String]] = [:]
    /// What was counted of the memory of everybody's control group.
    var memory: MemoryEvents?
    var evidenceFailure: String?
    /// Whether agents are put into control groups of their own.
    var confines = false
    var confinementFailure: String?
    /// The paths of groups in which somebody lives.
    var populated: Set<String> = []
    var frozen: Set<ProcessLife> = []
    /// The paths of the groups in which agents are.
    var groups: [ProcessLife: String] = [:]
    /// Lives that run although no look shows them.
    var hidden: Set<ProcessLife> = []
    var isShuttingDown = false
    /// How much agents wait for memory, in percent.
    var agentsPressure: Double?
    /// How many marks of lives were given out.
    var marks = 0
    /// Units of which the service manager has said that memory ran out.
    var outOfMemory: Set<String> = []
    /// The fields of the journal's entries about events.
    var entries: [[String: String]] = []
    /// How many processes were ever made, by session.
    var processes: [String: Int] = [:]
    var log: [Call] = []
    var closed: Set<Gate> = []
    fileprivate var waiting: [Int: (gate: Gate, continuation: CheckedContinuation<Void, Never>)] = [:]
    fileprivate var sleepers: [Int: (due: Duration, continuation: CheckedContinuation<Void, any Error>)] = [:]
    fileprivate var waiters:
      [Int: (condition: @Sendable (State) -> Bool, continuation: CheckedContinuation<Void, Never>)] = [:]
    fileprivate var next = 0
    fileprivate var abandoned: Set<Int> = []
  }

  static let boot = "boot-1"
  static let server = ServerIdentity(pid: 100, startedAt: 1_700_000_000)
  static let place = Liveness.Place(serverName: "model", isOwnServer: true, isMarked: true)

  private let state = Mutex(State())

  /// Reads or changes the town; whoever waits for what has come to pass goes on.
  @discardableResult
  func with<Result: Sendable>(_ body: (inout sending State) -> Result) -> Result {
    let (result, ready) = state.withLock { state in
      let result = body(&state)
      let met = state.waiters.filter { $0.value.condition(state) }
      for id in met.keys { state.waiters[id] = nil }
      return (result, met.values.map(\.continuation))
    }
    for continuation in ready { continuation.resume() }
    return result
  }

  func note(_ call: Call) { with { $0.log.append(call) } }

  var log: [Call] { with { $0.log } }

  func count(_ call: Call) -> Int { log.count { $0 == call } }
}

// Waiting for what happens, and the clock.
extension ModelTown {
  private func id() -> Int {
    with { state in
      state.next += 1
      return state.next
    }
  }

  /// Returns when the town is as `condition` says; also when the test's time is up.
  func wait(until condition: @escaping @Sendable (State) -> Bool) async {
    let id = id()
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let isMet = state.withLock { state in
          if condition(state) || state.abandoned.contains(id) { return true }
          state.waiters[id] = (condition, continuation)
          return false
        }
        if isMet { continuation.resume() }
      }
    } onCancel: {
      let waiter = state.withLock { state in
        state.abandoned.insert(id)
        return state.waiters.removeValue(forKey: id)
      }
      waiter?.continuation.resume()
    }
  }

  func wait(for call: Call, count: Int = 1) async {
    await wait { $0.log.count { $0 == call } >= count }
  }

  /// Returns when somebody sleeps for so long after a call has come for the `count`th time. A sleep of that
  /// length before it was for something else.
  func wait(forSleep duration: Duration, after call: Call, count: Int) async {
    await wait { state in
      guard state.log.count(where: { $0 == call }) >= count, let last = state.log.lastIndex(of: call) else {
        return false
      }
      return state.log[last...].contains(.sleep(duration))
    }
  }

  /// Lets nothing through `gate` until it is opened.
  func close(_ gate: Gate) { with { _ = $0.closed.insert(gate) } }

  func open(_ gate: Gate) {
    let released = with { state in
      state.closed.remove(gate)
      let released = state.waiting.filter { $0.value.gate == gate }
      for id in released.keys { state.waiting[id] = nil }
      return released.values.map(\.continuation)
    }
    for continuation in released { continuation.resume() }
  }

  func openAll() { for gate in with({ $0.closed }) { open(gate) } }

  /// Waits in front of a closed gate, deaf to cancellation, like a process that hangs.
  func pass(_ gate: Gate) async {
    let id = id()
    await withCheckedContinuation { continuation in
      let isOpen = with { state in
        if !state.closed.contains(gate) { return true }
        state.waiting[id] = (gate, continuation)
        return false
      }
      if isOpen { continuation.resume() }
    }
  }

  func sleep(until due: Duration) async throws {
    let id = id()
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { continuation in
        let answer: Result<Void, any Error>? = with { state in
          if state.abandoned.contains(id) { return .failure(CancellationError()) }
          state.log.append(.sleep(due - state.uptime))
          // The clock may have been moved since `due` was reckoned.
          if due <= state.uptime { return .success(()) }
          state.sleepers[id] = (due, continuation)
          return nil
        }
        if let answer { continuation.resume(with: answer) }
      }
    } onCancel: {
      let sleeper = with { state in
        state.abandoned.insert(id)
        return state.sleepers.removeValue(forKey: id)
      }
      sleeper?.continuation.resume(throwing: CancellationError())
    }
  }

  /// Moves the clock, as soon as somebody sleeps who is to be woken by that.
  func advance(by duration: Duration) async {
    await wait { state in state.sleepers.values.contains { $0.due <= state.uptime + duration } }
    jump(by: duration)
  }

  /// Moves the clock, and goes on until the town is as `condition` says: a timer that is set only after the
  /// clock was moved is woken too.
  func pass(_ duration: Duration, until condition: @escaping @Sendable (State) -> Bool) async {
    await advance(by: duration)
    let instant: Duration = .milliseconds(1)
    while !with({ condition($0) }), !Task.isCancelled {
      await wait { state in
        condition(state) || state.sleepers.values.contains { $0.due <= state.uptime + instant }
      }
      if !with({ condition($0) }) { jump(by: instant) }
    }
  }

  func pass(_ duration: Duration, until call: Call, count: Int = 1) async {
    await pass(duration) { $0.log.count { $0 == call } >= count }
  }

  /// Moves the clock, whoever sleeps.
  func jump(by duration: Duration) {
    let woken = with { state in
      state.now = state.now + duration
      state.uptime += duration
      let woken = state.sleepers.filter { $0.value.due <= state.uptime }
      for id in woken.keys { state.sleepers[id] = nil }
      return woken.values.map(\.continuation)
    }
    for continuation in woken { continuation.resume() }
  }
}
