// SPDX-License-Identifier: Apache-2.0

import Beads
import Processes
import Supervision
import TestSupport
import Tmux
import Town
import TownFiles

/// One agent that dies again and again, and all that must be known of it: its deaths, one capsule each where
/// one is due, and one process at a time.
struct Mortal: Sendable {
  let agent: AgentIdentity
  let town: LiveTownFixture
  let journal: RecordedJournal
  let supervisor: Supervisor
  /// What the agent is at present.
  private(set) var process: ProcessIdentity
  private(set) var deaths: [Death: Int] = [:]
  /// How long it took from each death until it was told.
  private(set) var delays: [Duration] = []
  private var restarts = 0
  private(set) var starts = 1
  /// Up to where the journal was judged.
  private var cursor = 0
  /// Whether it was started by another tool, and is told nothing.
  private var isOthers = false

  /// An agent that ends as it is told to: by a status, or as a shell.
  static let script = #"""
    #!/bin/bash
    mine=$LIVE_TOWN/out/$GT_SESSION
    if [[ -s $mine.stillborn ]]; then
      read -r code <"$mine.stillborn"
      : >"$mine.stillborn"
      exit "$code"
    fi
    ulimit -c 0
    trap 'read -r code <"$mine.code"; exit "$code"' USR1
    trap 'exec /bin/bash --norc -i' USR2
    echo $$ >>"$mine.starts"
    while printf '> '; IFS= read -r line; do :; done
    """#

  /// What is told of a life; the rest of the journal is about something else.
  static let events: Set<String> = [
    "crash_detected", "agent_stopped", "agent_started", "agent_restarted", "restart_failed", "agent_parked",
    "agent_cleared",
  ]

  /// Takes over an agent that was started once.
  init(_ agent: AgentIdentity, town: LiveTownFixture, journal: RecordedJournal, supervisor: Supervisor) async throws {
    self.agent = agent
    self.town = town
    self.journal = journal
    self.supervisor = supervisor
    process = ProcessIdentity(pid: 0, startTime: 0)
    let first = try await told { $0.count == 1 }
    try expect(first.map(\.event) == ["agent_started"], "\(first)")
    try await born(of: first[0])
  }

  /// Has it die, and returns when all has come of it that should.
  ///
  /// - Parameter isPatient: whether it is told to begin before.
  mutating func die(_ death: Death, isPatient: Bool) async throws {
    do { try await suffer(death, isPatient: isPatient) } catch {
      let last = journal.entries.filter { $0["GT_SESSION"] == agent.session }.suffix(8).map(\.message)
      throw NotInTime(description: "\(agent.address), \(death): \(error); the journal's last: \(last)")
    }
  }

  private mutating func suffer(_ death: Death, isPatient: Bool) async throws {
    if isPatient { try await begun() }
    let ended = process
    let isBegun = isPatient || isOthers
    switch death {
    case .exited(let status):
      try await exit(status)
      try await restarted(.exited(status: status), isBegun: isBegun)
    case .signalled(let signal):
      try Signals.send(signal, to: process)
      try await restarted(.signalled(signal), isBegun: isBegun)
    case .sessionKilled:
      try await town.tmux("kill-session", "-t", "=\(agent.session)")
      try await restarted(.sessionGone, isBegun: isBegun)
    case .paneKilled:
      try await town.tmux("kill-pane", "-t", "=\(agent.session):")
      try await restarted(.sessionGone, isBegun: isBegun)
    case .stillborn(let status):
      TestFile.write("\(status)\n", to: out("stillborn"), mode: 0o644)
      try Signals.send(9, to: process)
      try await stillborn(status)
      deaths[death, default: 0] += 1
    case .becameShell:
      try Signals.send(12, to: process)
      try await eventually("a shell") { ProcessTable().arguments(of: ended.pid) == ["/bin/bash", "--norc", "-i"] }
      await supervisor.beat()
      try expect(news().isEmpty && ProcessTable().isRunning(ended), "a shell by exec is no death: \(news())")
      try Signals.send(9, to: process)
      try await restarted(.signalled(9), isBegun: isBegun)
    case .shellLeft: try await leaveShell()
    case .finished:
      try await hook(nil)
      try await exit(0)
      try await rested(.exited(status: 0), "agent_stopped")
      try await hook("gt-work-\(agent.name ?? "")")
      try await started()
    case .held:
      try town.world.setHold(Hold(kind: .hold, who: "test", when: nil, why: nil), on: agent)
      try Signals.send(9, to: process)
      try await rested(.signalled(9), "crash_detected")
      try town.world.setHold(nil, on: agent)
      await supervisor.askBeat()
      try await started()
    case .serverKilled, .serverEnded: try await restarted(.serverGone, isBegun: isBegun)
    }
    deaths[death, default: 0] += 1
    try expect(!ProcessTable().isRunning(ended), "pid \(ended.pid) runs on")
  }

  /// Sees that nothing came after what was judged, and that one process is there.
  func settled() async throws {
    try expect(news().isEmpty, "\(agent.address): \(news().map(\.message))")
    try expect(town.starts(of: agent) == starts, "\(agent.address): \(town.starts(of: agent)) starts, not \(starts)")
    let panes = try await town.client.panes().panes.filter { $0.session == agent.session && !$0.isDead }
    try expect(panes.map(\.pid) == [process.pid], "\(agent.address): \(panes)")
    try expect(ProcessTable().isRunning(process), "\(agent.address) does not run")
  }
}

// What befalls it.
extension Mortal {
  private func exit(_ status: Int32) async throws {
    TestFile.write("\(status)\n", to: out("code"), mode: 0o644)
    try Signals.send(10, to: process)
  }

  private func hook(_ work: String?) async throws {
    _ = try await town.store.setAgent(agent.bead, state: nil, hook: work.map { .bead($0) } ?? .empty)
    await supervisor.beat()
  }

  /// The agent ends where a person, or the original, had typed its command at a prompt.
  private mutating func leaveShell() async throws {
    try town.world.setHold(Hold(kind: .hold, who: "test", when: nil, why: nil), on: agent)
    try await town.tmux("kill-session", "-t", "=\(agent.session)")
    try await rested(.sessionGone, "crash_detected")
    deaths[.held, default: 0] += 1
    let shell = try await town.openShell(agent, on: town.server)
    try await town.type(agent, on: town.server, command: town.directory("bin/mortal"))
    starts += 1
    let worker = try await eventually("the agent in the shell") {
      town.starts(of: agent) == starts ? ProcessTable().children(of: shell.pid).first { $0.isAlive }?.identity : nil
    }
    process = worker
    try town.world.setHold(nil, on: agent)
    await supervisor.askBeat()
    try await eventually("its adoption", within: .seconds(60)) {
      try await town.client.panes().panes.first { $0.id == shell.id }?.mark?.token == town.layout.adoptedMark
    }
    // Whose end it was is told by who was seen in the shell.
    await supervisor.beat()
    try expect(news().isEmpty, "nobody has died: \(news().map(\.message))")
    try Signals.send(9, to: worker)
    isOthers = true
    try await restarted(.shellLeft, isBegun: true)
  }

  private func out(_ suffix: String) -> String { town.directory("out/\(agent.session).\(suffix)") }

  /// Waits until it was told to begin.
  private func begun() async throws {
    if isOthers { return }
    let from = cursor
    try await eventually("its beginning", within: .seconds(60)) {
      journal.entries[from...].contains { $0.event == "agent_ready" && $0["GT_SESSION"] == agent.session }
    }
  }
}

// What comes of it.
extension Mortal {
  /// A death with work to do: told once, and answered by one process.
  private mutating func restarted(_ cause: ExitCause, isBegun: Bool) async throws {
    let told = try await told { $0.contains { $0.event == "agent_restarted" } }
    try expect(told.map(\.event) == ["crash_detected", "agent_restarted"], "\(told.map(\.message))")
    try await judge(told[0], cause, isBegun: isBegun)
    restarts += 1
    try expect(told[1]["GT_RESTART_COUNT"] == "\(restarts)", "\(told[1]), not \(restarts)")
    isOthers = false
    starts += 1
    try await born(of: told[1])
  }

  /// A death that nobody has to answer.
  private mutating func rested(_ cause: ExitCause, _ event: String) async throws {
    let told = try await told { !$0.isEmpty }
    try expect(told.map(\.event) == [event], "\(told.map(\.message))")
    if event == "crash_detected" {
      try await judge(told[0], cause, isBegun: nil)
    } else {
      try expect(told[0]["GT_EXIT_STATUS"] == "0" && told[0]["GT_CAPSULE"] == nil, "\(told[0])")
      try expect(told[0]["GT_PID"] == "\(process.pid)", "\(told[0])")
    }
    await supervisor.beat()
    try expect(news().isEmpty && town.starts(of: agent) == starts, "\(news().map(\.message))")
  }

  /// Its want of a process is answered, which is no restart.
  private mutating func started() async throws {
    let told = try await told { !$0.isEmpty }
    try expect(told.map(\.event) == ["agent_started"], "\(told.map(\.message))")
    starts += 1
    try await born(of: told[0])
  }

  /// The first death, then one that was either a start that failed or, where the machine is slow, a life.
  private mutating func stillborn(_ status: Int32) async throws {
    let told = try await told { told in
      told.last?.event == "agent_restarted" && told.count { $0.event == "crash_detected" } == 2
    }
    try await judge(told[0], .signalled(9), isBegun: nil)
    let rest = told.dropFirst().map(\.event)
    let second = told[told.count - 2]
    try expect(second["GT_EXIT_STATUS"] == "\(status)", "\(second)")
    if rest != ["crash_detected", "restart_failed", "agent_restarted"] {
      try expect(rest == ["agent_restarted", "crash_detected", "agent_restarted"], "\(told.map(\.message))")
      restarts += 1
    }
    restarts += 1
    try expect(told.last?["GT_RESTART_COUNT"] == "\(restarts)", "\(told.map(\.message)), not \(restarts)")
    starts += 1
    isOthers = false
    try await born(of: told[told.count - 1])
  }

  /// The fields of the entry, and the capsule.
  ///
  /// - Parameter isBegun: whether it had been told to begin; `nil` where that makes no difference.
  private mutating func judge(_ entry: RecordedJournal.Entry, _ cause: ExitCause, isBegun: Bool?) async throws {
    var status: Int32?
    var signal: Int32?
    var kinds: Set<DeathClass>
    switch cause {
    case .exited(let code):
      status = code
      kinds = [code == 0 ? .cleanExit : .crash]
      // It may have been told or not: that is not known to whoever did not wait.
      if isBegun == false { kinds.insert(.neverReady) }
    case .signalled(let number):
      signal = number
      kinds = [.killed]
    case .serverGone: kinds = [.serverGone]
    case .sessionGone: kinds = [.vanished]
    case .shellLeft: kinds = [.deadShell]
    }
    try expect(entry["GT_PID"] == "\(process.pid)", "pid \(process.pid) died: \(entry)")
    try expect(entry["GT_EXIT_STATUS"] == status.map { "\($0)" }, "\(cause): \(entry)")
    try expect(entry["GT_EXIT_SIGNAL"] == signal.map { "\($0)" }, "\(cause): \(entry)")
    let id = entry["GT_CAPSULE"] ?? ""
    let shelf = CrashCapsules(layout: town.layout)
    let capsule = try await eventually("the capsule \(id)") { shelf.contains(id) ? try shelf.read(id) : nil }
    try expect(kinds.contains(capsule.kind), "\(cause): \(capsule.kind)")
    try expect(capsule.pid == process.pid && capsule.session == agent.session, "\(capsule)")
    try expect(capsule.exitStatus == status && capsule.exitSignal == signal, "\(capsule)")
  }

  /// Finds the process that an entry names.
  private mutating func born(of entry: RecordedJournal.Entry) async throws {
    let pid = Int32(entry["GT_PID"] ?? "") ?? 0
    let path = out("starts")
    let starts = starts
    let lines = try await eventually("start \(starts), of pid \(pid)", within: .seconds(60)) {
      let lines = (TestFile.text(path) ?? "").split(separator: "\n")
      return lines.count >= starts ? lines : nil
    }
    try expect(lines.count == starts && lines.last == "\(pid)", "\(lines.count) starts, the last \(lines.last ?? "")")
    guard let found = ProcessTable().identity(of: pid) else { throw NotInTime(description: "no process \(pid)") }
    process = found
  }

  /// What was told of it since what was judged.
  private func news() -> [RecordedJournal.Entry] { journal.entries[cursor...].filter { isOfLife($0) } }

  private func isOfLife(_ entry: RecordedJournal.Entry) -> Bool {
    entry["GT_SESSION"] == agent.session && Mortal.events.contains(entry.event ?? "")
  }

  /// Waits until what is told of it is enough, and takes it.
  private mutating func told(
    _ isEnough: @Sendable ([RecordedJournal.Entry]) -> Bool
  ) async throws -> [RecordedJournal.Entry] {
    let start = ContinuousClock.now
    var isSeen = false
    while true {
      let entries = journal.entries
      let found = entries.indices[cursor...].filter { isOfLife(entries[$0]) }
      if !isSeen, !found.isEmpty {
        isSeen = true
        delays.append(ContinuousClock.now - start)
      }
      if let last = found.last, isEnough(found.map { entries[$0] }) {
        cursor = last + 1
        return found.map { entries[$0] }
      }
      guard ContinuousClock.now - start < .seconds(60) else {
        throw NotInTime(description: "not enough was told: \(found.map { entries[$0].message })")
      }
      try await Task.sleep(for: .milliseconds(2))
    }
  }

  private func expect(_ isTrue: Bool, _ words: @autoclosure () -> String) throws {
    if !isTrue { throw NotInTime(description: words()) }
  }
}
