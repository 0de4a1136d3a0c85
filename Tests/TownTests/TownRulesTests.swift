// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// Starts, refusals, back-off, and launches that were interrupted.
@Suite struct TownRulesTests {
  private let rules = TownRules(policy: Policy())

  private func decide(
    _ agents: [AgentObservation], ledger: Ledger = Ledger(), at time: Timestamp = Given.now, busy: Set<String> = [],
    confirmed: Set<String> = []
  )
    -> Plan
  {
    rules.decide(Given.snapshot(agents, at: time), ledger: ledger, busy: busy, confirmed: confirmed)
  }

  @Test func `Deacon and Witnesses come first, starts are staggered, restarts are not`() {
    let dead = AgentIdentity.polecat(rig: "a", name: "dead")
    let plan = decide(
      [
        Given.seen(.polecat(rig: "a", name: "new")), Given.seen(dead), Given.seen(.witness(rig: "z")),
        Given.seen(.witness(rig: "a")), Given.seen(.deacon), Given.seen(.mayor),
      ], ledger: Given.ledger(dead))
    #expect(
      plan.launches.map(\.agent) == [
        .deacon, .witness(rig: "a"), .witness(rig: "z"), dead, .polecat(rig: "a", name: "new"),
      ])
    #expect(plan.launches.map(\.delay) == [.zero, .milliseconds(250), .milliseconds(500), .zero, .milliseconds(750)])
    #expect(plan.launches.map(\.isRestart) == [false, false, false, true, false])
  }

  @Test func `whoever has a job under way is left to it`() {
    let plan = decide([Given.seen()], ledger: Given.ledger(), busy: [Given.toast.session])
    #expect(plan.events.isEmpty && plan.launches.isEmpty && plan.findings.map(\.decision) == [.underway])
    #expect(plan.ledger == Given.ledger())
  }

  @Test(arguments: [
    Given.seen(Given.toast, Given.shell(attached: true)), Given.seen(Given.toast, Given.shell(belongs: false)),
    Given.seen(hasDirectory: false), Given.seen(Given.toast, Given.corpse(), hasDirectory: false),
    Given.seen(worktree: .broken("its .git leads nowhere")),
  ])
  func `one that cannot be started is left as it is and told about once per work`(observation: AgentObservation) {
    let confirmed: Set = [Given.toast.session]
    let first = decide([observation], confirmed: confirmed)
    #expect(first.launches.isEmpty)
    #expect(first.findings.map(\.decision) == [.stuck])
    #expect(first.events.map(\.kind).filter { $0 == .restartFailed }.count == 1)
    #expect(first.notices.map(\.key) == ["cannot-start"])
    let second = decide([observation], ledger: first.ledger)
    #expect(second.events.isEmpty && second.notices.isEmpty && second.launches.isEmpty)
    var other = observation
    other.bead = .known(Given.bead(hook: "gt-x2"))
    #expect(decide([other], ledger: second.ledger, confirmed: confirmed).notices.count == 1)
  }

  @Test(arguments: [Given.seen(hasDirectory: false), Given.seen(worktree: .broken("its .git leads nowhere"))])
  func `of one that may have been removed nothing is told before its beads were read`(observation: AgentObservation) {
    let first = decide([observation])
    #expect(first.events.isEmpty && first.notices.isEmpty && first.findings.map(\.decision) == [.stuck])
    // The order has its beads read. It was removed.
    #expect(first.launches.map(\.agent) == [Given.toast])
    var removed = observation
    removed.bead = .known(Given.bead(status: .closed))
    let second = decide([removed], ledger: first.ledger, confirmed: [Given.toast.session])
    #expect(second.events.isEmpty && second.notices.isEmpty && second.launches.isEmpty)
  }

  @Test func `a worktree whose link can be mended keeps nobody from being started`() {
    let plan = decide([Given.seen(worktree: .mendable("its .git led nowhere"))])
    #expect(plan.launches.map(\.agent) == [Given.toast] && plan.findings.map(\.decision) == [.start])
  }

  @Test func `nobody is started while a tmux server is silent, as it may live there by now`() {
    let dead = Given.seen(Given.toast, Given.corpse())
    var snapshot = Given.snapshot([dead], at: Given.now)
    snapshot.otherTmuxFailure = "the tmux server default did not answer"
    let plan = rules.decide(snapshot, ledger: Given.ledger(), busy: [])
    // The death is no secret.
    #expect(plan.events.map(\.kind) == [.crashDetected] && plan.launches.isEmpty)
    #expect(plan.findings.map(\.reason) == ["the tmux server default did not answer"])
    #expect(plan.nextLook.map { $0 <= Given.now + TownRules.retry } == true)
    snapshot.otherTmuxFailure = nil
    #expect(rules.decide(snapshot, ledger: plan.ledger, busy: []).launches.count == 1)
  }

  @Test func `a death that a silent tmux server keeps unanswered is told to a person after five minutes, once`() {
    let silence = "the tmux server default did not answer"
    var gone = Given.seen(Given.toast, .unknown(silence))
    let dead = Given.seen(Given.toast, Given.corpse())
    // An agent that cannot be seen may live.
    var ledger = Given.ledger()
    #expect(decide([gone], ledger: decide([gone], ledger: ledger).ledger, at: Given.later(900)).notices.isEmpty)
    gone.hasEnded = true
    for observation in [gone, dead] {
      func look(after seconds: Int64) -> Plan {
        var snapshot = Given.snapshot([observation], at: Given.later(seconds))
        snapshot.otherTmuxFailure = silence
        let plan = rules.decide(snapshot, ledger: ledger, busy: [])
        ledger = plan.ledger
        return plan
      }
      ledger = Given.ledger()
      #expect(look(after: 0).notices.isEmpty && look(after: 299).notices.isEmpty)
      let told = look(after: 300)
      #expect(told.notices.count == 1 && told.notices[0].body.contains(silence), "\(told.notices)")
      #expect(told.events.map(\.kind) == [.restartFailed] && told.launches.isEmpty)
      // The agent's Witness cannot mend a tmux server.
      #expect(told.events.first?.concernsPerson == true)
      #expect(told.notices.first?.recipients.contains("overseer") == true)
      #expect(look(after: 900).notices.isEmpty)
      // Where it can be started again it is, and what was told is forgotten.
      let back = decide([dead], ledger: ledger, at: Given.later(901))
      #expect(back.launches.count == 1 && back.ledger[Given.toast].unansweredSince == nil)
    }
  }

  @Test func `one that is being started is looked at again after its grace, also where tmux was silent`() {
    let spawning = Given.bead(state: "spawning", updated: Given.ago(60))
    for liveness in [.absent, .unknown("the tmux server gastown did not answer")] as [Liveness] {
      let plan = decide([Given.seen(Given.toast, liveness, bead: .known(spawning))])
      #expect(plan.nextLook.map { $0 > Given.now && $0 <= Given.later(300) } == true, "\(liveness): \(plan)")
    }
  }

  @Test func `the death of one who had nothing to do by older beads wants them read again`() {
    var idle = Given.seen(Given.toast, Given.corpse())
    idle.bead = .known(Given.bead(hook: nil))
    #expect(decide([idle], ledger: Given.ledger()).wantsBeads)
    #expect(!decide([Given.seen(Given.toast, Given.corpse())], ledger: Given.ledger()).wantsBeads)
    #expect(!decide([idle]).wantsBeads || decide([idle]).events.count == 1)
  }

  @Test func `a bare shell of its own is replaced by exactly that process's number`() {
    #expect(decide([Given.seen(Given.toast, Given.shell())]).launches.map(\.place) == [.bareShell(Given.life(50))])
  }

  @Test func `one who backs off is looked at when its time has come`() {
    var ledger = decide([Given.seen(Given.toast, bead: .unknown("bd"))], ledger: Given.ledger()).ledger
    for _ in 0..<3 { ledger[Given.toast].restartPolicy.noteAttempt(at: Given.now) }
    let waiting = decide([Given.seen()], ledger: ledger, at: Given.later(3))
    #expect(waiting.launches.isEmpty && waiting.nextLook == Given.later(4))
    #expect(waiting.findings.map(\.decision) == [.wait] && waiting.findings[0].until == Given.later(4))
    #expect(decide([Given.seen()], ledger: ledger, at: Given.later(4)).launches.map(\.isRestart) == [true])
  }

  @Test func `a start that was interrupted and is found alive is recorded once and will be told to begin`() {
    var ledger = decide([Given.seen(Given.toast, bead: .unknown("bd"))], ledger: Given.ledger(restarts: 2)).ledger
    ledger[Given.toast].launch = AgentRecord.Launch(at: Given.ago(5), isRestart: true, hook: "gt-x1")
    let found = decide([Given.seen(Given.toast, Given.alive(Given.life(8)))], ledger: ledger)
    #expect(found.events.map(\.kind) == [.agentRestarted])
    #expect(found.events[0].restarts == 3 && found.events[0].pid == 8)
    #expect(found.unannounced.map(\.session) == [Given.toast.session] && found.unannounced[0].issue == "gt-x1")
    #expect(found.ledger[Given.toast].death == nil && found.ledger[Given.toast].launch == nil)
    let next = decide([Given.seen(Given.toast, Given.alive(Given.life(8)))], ledger: found.ledger)
    #expect(next.events.isEmpty && next.unannounced.isEmpty && next.ledger[Given.toast].restarts == 3)
  }

  @Test func `a death that somebody else answered is closed, and counts as no restart of ours`() {
    let ledger = decide([Given.seen(Given.toast, bead: .unknown("bd"))], ledger: Given.ledger()).ledger
    let plan = decide([Given.seen(Given.toast, Given.alive(Given.life(8), own: false, marked: false))], ledger: ledger)
    #expect(plan.events.map(\.kind) == [.agentStarted])
    #expect(plan.launches.isEmpty && plan.unannounced.isEmpty)
    #expect(plan.ledger[Given.toast].restarts == 0 && plan.ledger[Given.toast].life == Given.life(8))
  }

  @Test func `a stranger is unknown, with its reason, and is never started`() {
    var snapshot = Given.snapshot([])
    snapshot.strangers = [Census.Stranger(rig: "r", name: "x\u{1B}", session: "gt-r-x", reason: "not a name")]
    let plan = rules.decide(snapshot, ledger: Ledger(), busy: [])
    #expect(plan.findings.map(\.decision) == [.unknown] && plan.findings[0].reason == "not a name")
    #expect(plan.findings[0].subject == "r/x\u{FFFD}" && plan.launches.isEmpty)
  }

  @Test func `whoever lived and cannot be seen is looked for again soon`() {
    let plan = decide([Given.seen(Given.toast, .unknown("tmux"))], ledger: Given.ledger())
    #expect(plan.nextLook == Given.now + TownRules.retry)
    #expect(plan.events.isEmpty && plan.launches.isEmpty)
    let idle = Given.seen(Given.toast, .unknown("tmux"), bead: .known(Given.bead(hook: nil)))
    #expect(decide([idle]).nextLook == nil)
  }

  @Test func `a rig whose agents could not be listed is looked at again soon`() {
    var snapshot = Given.snapshot([])
    snapshot.unreadableRigs = ["my-rig"]
    #expect(rules.decide(snapshot, ledger: Ledger(), busy: []).nextLook == Given.now + TownRules.retry)
  }
}
