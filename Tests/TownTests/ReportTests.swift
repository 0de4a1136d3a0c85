// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// What people and the journal are told: session checks, counts, events.
@Suite struct ReportTests {
  private func check(
    _ observation: AgentObservation, record: AgentRecord = AgentRecord(), hook: Reading<Bead?> = .known(nil)
  ) -> SessionCheck {
    SessionCheck(observation, record: record, hook: { _ in hook }, at: Given.now, policy: Policy())
  }

  @Test(
    arguments: [
      (Given.seen(Given.toast, Given.alive()), .alive, true),
      (Given.seen(Given.toast, .unknown("tmux")), .unknown, false),
      (Given.seen(Given.toast, Given.corpse()), .crashed, false), (Given.seen(), .crashed, false),
      (Given.seen(bead: .known(Given.bead(state: "done"))), .idle, true),
      (Given.seen(bead: .known(Given.bead(state: "nuked"))), .idle, true), (Given.seen(bead: .known(nil)), .idle, true),
      (Given.seen(bead: .known(Given.bead(hook: nil))), .idle, true),
      (Given.seen(bead: .known(Given.bead(state: "spawning", updated: Given.now))), .idle, true),
      (Given.seen(bead: .unknown("bd")), .unknown, false), (Given.seen(hold: .unknown("hold")), .unknown, false),
      (Given.seen(hold: .known(Given.stopped)), .stopped, true), (Given.seen(hold: .known(Given.held)), .stopped, true),
      (Given.seen(Given.toast, Given.shell()), .deadShell, false),
      (Given.seen(Given.toast, Given.shell(), bead: .known(Given.bead(hook: nil))), .deadShell, true),
      (Given.seen(Given.toast, Given.shell(), bead: .unknown("bd")), .deadShell, false),
      (Given.seen(Given.toast, Given.alive(), hold: .known(Given.held)), .alive, true),
    ] as [(AgentObservation, SessionCheck.State, Bool)])
  func `a session's state is the truth, and well where it should be so`(
    observation: AgentObservation, state: SessionCheck.State, isWell: Bool
  ) {
    let answer = check(observation)
    #expect(answer.state == state && answer.isWell == isWell)
    #expect((answer.pid != nil) == (state == .alive))
    #expect((answer.reason == nil) == (state == .alive && observation.hold.value == .some(nil)))
  }

  @Test func `a hook bead that is closed makes a dead session or a bare shell well`() {
    let dead = check(Given.seen(Given.toast, Given.corpse()), hook: .known(Given.work(.closed)))
    #expect(dead.state == .idle && dead.isWell)
    let shell = check(Given.seen(Given.toast, Given.shell()), hook: .known(Given.work(.closed)))
    #expect(shell.state == .deadShell && shell.isWell)
    #expect(check(Given.seen(), hook: .unknown("bd")).state == .unknown)
  }

  @Test func `who backs off is said to, with the cause and the next attempt`() {
    var record = AgentRecord()
    record.death = AgentRecord.Death(seenAt: Given.now, life: nil, cause: .exited(status: 3), hook: "gt-x1")
    record.restartPolicy.noteAttempt(at: Given.now)
    let answer = check(Given.seen(), record: record)
    #expect(answer.supervision == .backingOff && answer.state == .crashed)
    #expect(answer.reason == "exited with status 3, with gt-x1 on its hook; next attempt at \(Given.later(1))")
    #expect(check(Given.seen(Given.toast, Given.alive()), record: record).supervision == .watched)
    #expect(check(Given.seen(hold: .known(Given.stopped)), record: record).supervision == .stopped)
    #expect(check(Given.seen(hold: .known(Given.held)), record: record).supervision == .held)
    record = AgentRecord()
    record.death = AgentRecord.Death(seenAt: Given.now, life: nil, cause: .exited(status: 0), hook: "gt-x1")
    let exited = check(Given.seen(), record: record)
    #expect(exited.supervision == .backingOff)
    #expect(exited.reason?.hasSuffix("; next attempt at \(Given.later(30))") == true, "\(exited)")
    #expect(check(Given.seen(hasDirectory: false)).reason?.contains("my-rig/polecats/toast/ is missing") == true)
    let broken = WorktreeStanding.broken("its .git leads nowhere")
    let why = "its worktree my-rig/polecats/toast/ is broken: its .git leads nowhere"
    #expect(check(Given.seen(worktree: broken)).reason?.hasSuffix("; \(why)") == true)
    #expect(
      check(Given.seen(Given.toast, Given.alive(), worktree: broken)).reason
        == "its worktree is broken: its .git leads nowhere")
    #expect(check(Given.seen(Given.toast, Given.alive(own: false))).reason == "on the tmux server theirs")
  }

  @Test func `of a wide hold only an agent that is known to have no work is idle`() {
    var hold = Given.held
    hold.scope = .town
    #expect(check(Given.seen(hold: .known(hold))).state == .stopped)
    #expect(check(Given.seen(bead: .unknown("bd"), hold: .known(hold))).state == .stopped)
    #expect(check(Given.seen(bead: .known(nil), hold: .known(hold))).state == .idle)
    #expect(check(Given.seen(bead: .known(nil), hold: .known(Given.held))).state == .stopped)
  }

  @Test func `a stranger is unknown and not well`() {
    let answer = SessionCheck(stranger: Census.Stranger(rig: "r", name: "a\u{1B}", session: "gt-r-a", reason: "no"))
    #expect(answer.state == .unknown && !answer.isWell && answer.reason == "no" && answer.polecat == "a\u{FFFD}")
  }

  private func finding(_ decision: Finding.Decision, _ name: String = "x", until: Timestamp? = nil) -> Finding {
    Finding(subject: name, session: name, rule: .sessionHealth, decision: decision, reason: "", until: until)
  }

  @Test func `the line counts everybody who should run`() {
    #expect(AgentCounts(findings: [finding(.leave)], at: Given.now).line == "no agents")
    #expect(AgentCounts(findings: [finding(.alive), finding(.leave)], at: Given.now).line == "1 agent: 1 alive")
    let waits = ["a", "b", "c", "d"].map { finding(.wait, $0, until: Given.later(38)) }
    let all = [.alive, .alive, .start, .restart, .underway, .stuck, .unknown].map { finding($0) } + waits
    #expect(
      AgentCounts(findings: all, at: Given.now).line
        == "11 agents: 2 alive, 3 starting, 4 backing off (a, 38 s; b, 38 s; c, 38 s, …), 1 that cannot be started, 1 unknown"
    )
    #expect(AgentCounts(findings: [finding(.wait, "t", until: Given.ago(5))], at: Given.now).line.contains("t, 0 s"))
  }

  @Test func `every event has a message id of its own, 32 hexadecimal digits`() {
    let ids = EventKind.allCases.map(\.messageID)
    #expect(Set(ids).count == ids.count)
    #expect(ids.allSatisfy { $0.utf8.count == 32 && $0.allSatisfy { "0123456789abcdef".contains($0) } })
    #expect(EventKind.allCases.allSatisfy { $0.rawValue.allSatisfy { $0 == "_" || ("a"..."z").contains($0) } })
  }

  @Test func `a notice shows hostile text harmlessly`() {
    let notice = Notice.cannotStart(Given.toast, hook: "gt\u{1B}[2J", reason: "a\nb")
    #expect(!notice.body.contains("\u{1B}") && notice.body.contains("reason: a\u{FFFD}b"))
    #expect(notice.subject == "CRASHED_POLECAT: my-rig/toast cannot be restarted")
  }
}
