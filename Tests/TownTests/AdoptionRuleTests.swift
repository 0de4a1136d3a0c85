// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// Agents that others have started.
@Suite struct AdoptionRuleTests {
  private let rules = TownRules(policy: Policy())
  private let toast = Given.toast

  private func alive(
    marked: Bool = false, adopted: Bool = false, objection: String? = nil, own: Bool = true,
    workers: [Worker] = [Worker(pid: 77, startTime: 7)], settlesIn: Duration? = nil
  ) -> Liveness {
    var place = Given.place(own: own, marked: marked)
    place.isAdopted = adopted
    place.objection = objection
    place.workers = workers
    place.settlesIn = settlesIn
    return .alive(Given.life(), place: place)
  }

  private func decide(_ liveness: Liveness, _ ledger: Ledger = Ledger(), at time: Timestamp = Given.now) -> Plan {
    rules.decide(Given.snapshot([Given.seen(toast, liveness)], at: time), ledger: ledger, busy: [])
  }

  @Test(arguments: [true, false]) func `it is in the ledger before it is marked, and said once it is`(own: Bool) {
    let first = decide(alive(own: own))
    #expect(first.adoptions.map(\.life) == [Given.life()] && first.adoptions[0].place.isOwnServer == own)
    #expect(first.ledger[toast].adoption?.life == Given.life() && first.ledger[toast].life == Given.life())
    #expect(first.events.isEmpty && first.remarks.isEmpty && first.launches.isEmpty)
    #expect(first.findings.map(\.decision) == [.alive] && first.findings[0].reason.hasPrefix("pid 77"))

    var plan = Plan(ledger: first.ledger)
    AdoptionRule.record(.adopted, of: first.adoptions[0], at: Given.now, in: &plan)
    #expect(plan.events.map(\.kind) == [.agentAdopted] && plan.ledger[toast].adoption == nil)
    let next = decide(alive(marked: true, adopted: true, own: own), plan.ledger)
    #expect(next.adoptions.isEmpty && next.remarks.isEmpty && next.events.isEmpty)
  }

  @Test func `a daemon that ends before it has heard of the mark is followed by one that says it`() {
    let first = decide(alive())
    let again = decide(alive(), first.ledger)
    #expect(again.adoptions == first.adoptions, "the mark was not made")
    let made = decide(alive(marked: true, adopted: true), first.ledger)
    #expect(made.events.map(\.kind) == [.agentAdopted] && made.adoptions.isEmpty && made.ledger[toast].adoption == nil)
    #expect(decide(alive(marked: true, adopted: true), made.ledger).events.isEmpty)
  }

  @Test(arguments: [AdoptionRule.Outcome.failed("no"), .declined("no")])
  func `what fails is said once and tried again after a while`(outcome: AdoptionRule.Outcome) {
    var plan = Plan(ledger: decide(alive()).ledger)
    let order = AdoptionRule.Order(adopting: toast, life: Given.life(), place: Given.place(marked: false))
    AdoptionRule.record(outcome, of: order, at: Given.now, in: &plan)
    #expect(plan.remarks.count == (outcome == .failed("no") ? 1 : 0) && plan.nextLook == Given.later(30))
    let soon = decide(alive(), plan.ledger, at: Given.later(1))
    #expect(soon.adoptions.isEmpty && soon.nextLook == Given.later(30) && soon.remarks.isEmpty)
    #expect(soon.findings[0].reason.contains("not adopted: no"))
    let later = decide(alive(), plan.ledger, at: Given.later(30))
    #expect(later.adoptions.count == 1)
    var next = Plan(ledger: later.ledger)
    AdoptionRule.record(outcome, of: order, at: Given.later(31), in: &next)
    #expect(next.remarks.isEmpty)
    // A clock that was set back does not put it off for longer.
    #expect(decide(alive(), plan.ledger, at: Given.ago(3600)).adoptions.count == 1)
  }

  @Test func `one of which it is not clear whose it is is left alone, said once, and nobody's death`() {
    let doubtful = alive(objection: "who knows")
    let first = decide(doubtful)
    #expect(first.adoptions.isEmpty && first.remarks.count == 1 && first.remarks[0].message.contains("who knows"))
    #expect(first.findings[0].decision == .alive && first.findings[0].reason.contains("not adopted: who knows"))
    #expect(first.ledger[toast].life == nil)
    #expect(decide(doubtful, first.ledger).remarks.isEmpty)
    let gone = decide(.absent, first.ledger)
    #expect(gone.events.isEmpty && gone.launches.map(\.isRestart) == [false])
    // Once it is clear, it is adopted.
    #expect(decide(alive(), first.ledger).adoptions.count == 1)
  }

  @Test func `in whose place something unclear runs has died all the same, and is restarted when that is gone`() {
    let ledger = Given.ledger(life: Given.life(50))
    let doubtful = alive(objection: "who knows")
    let first = decide(doubtful, ledger)
    #expect(first.events.map(\.kind) == [.crashDetected] && first.events[0].pid == 50 && first.launches.isEmpty)
    #expect(first.ledger[toast].life == nil && first.ledger[toast].death?.life == Given.life(50))
    #expect(first.nextLook == Given.later(30))
    let again = decide(doubtful, first.ledger)
    #expect(again.events.isEmpty && again.nextLook == Given.later(30))
    let gone = decide(.absent, again.ledger)
    #expect(gone.events.isEmpty && gone.launches.map(\.isRestart) == [true])
    // Unless its process still runs, where no server shows it.
    guard case .unknown = doubtful.doubted(if: Given.life(50), boot: Given.boot, isRunning: { _ in true }) else {
      return #expect(Bool(false))
    }
    #expect(doubtful.doubted(if: Given.life(50), boot: Given.boot) { _ in false } == doubtful)
    #expect(alive().doubted(if: Given.life(50), boot: Given.boot) { _ in true } == alive())
  }

  @Test func `what has just begun is neither counted nor adopted, and looked at again`() {
    let plan = decide(alive(settlesIn: .seconds(3)))
    #expect(plan.adoptions.isEmpty && plan.ledger[toast].life == nil && plan.nextLook == Given.later(3))
    #expect(plan.findings.map(\.decision) == [.alive])
    guard case .deadShell(var shell) = Given.shell() else { return }
    shell.place.settlesIn = .seconds(2)
    let fresh = decide(.deadShell(shell))
    #expect(fresh.launches.isEmpty && fresh.findings.map(\.decision) == [.wait] && fresh.nextLook == Given.later(2))
  }

  @Test func `the death of an adopted agent names the agent, and it is restarted where it was`() {
    let ledger = decide(alive(marked: true, adopted: true, own: false)).ledger
    #expect(ledger[toast].worker == 77)
    var place = Given.place(own: false)
    place.isAdopted = true
    let shell = Liveness.Shell(life: Given.life(), place: place, isAttached: false, belongsHere: true)
    let plan = decide(.deadShell(shell), ledger)
    #expect(plan.events.map(\.kind) == [.crashDetected] && plan.events[0].pid == 77)
    #expect(plan.events[0].cause == .shellLeft && plan.ledger[toast].worker == nil)
    #expect(plan.launches.map(\.place) == [.bareShell(Given.life())] && plan.launches[0].isRestart)
    // Until that is answered the shell is known to be the agent's.
    #expect(plan.ledger.lives[toast.session] == Given.life())

    let corpse = Liveness.Corpse(
      place: place, server: Given.server, pane: "%1", pid: 4711, cause: .exited(status: 1))
    #expect(decide(.dead(corpse), ledger).launches.map(\.place) == [.deadPane(server: Given.server, pane: "%1")])
    var unmarked = corpse
    unmarked.place = Given.place(own: false, marked: false)
    #expect(decide(.dead(unmarked), ledger).launches.map(\.place) == [.newSession])
    #expect(decide(.absent, ledger).launches.map(\.place) == [.newSession])
  }

  @Test func `a mark that the ledger does not know is the end of a start only where one was attempted`() {
    guard case .alive(let life, var place) = alive() else { return }
    place.workers = []
    place.claimsToBeOurs = true
    let claim = Liveness.alive(life, place: place)
    var ledger = Ledger()
    ledger[toast].launch = AgentRecord.Launch(at: Given.ago(1), isRestart: true, hook: nil)
    let started = decide(claim, ledger)
    #expect(started.events.map(\.kind) == [.agentRestarted] && started.adoptions.isEmpty)
    #expect(started.ledger[toast].life == life && started.ledger[toast].launch == nil)
    // Without an attempt it is taken over like an agent that others have started, and not started a second time.
    let lost = decide(claim)
    #expect(lost.adoptions.map(\.life) == [life] && lost.launches.isEmpty && lost.ledger[toast].life == life)
  }

  @Test func `a forged mark beside the agent's own pane that is gone is a death, and is not ended`() {
    var ledger = Given.ledger(life: Given.life(50, pane: "%7"))
    ledger[toast].since = Given.ago(10)
    guard case .alive(let life, var place) = alive() else { return }
    place.claimsToBeOurs = true
    place.sessionCreated = Given.ago(60)
    let forged = Liveness.alive(life, place: place)
    let plan = decide(forged, ledger)
    #expect(plan.events.map(\.kind).contains(.crashDetected) && plan.adoptions.isEmpty)
    // No message says that it is left to work.
    #expect(plan.findings.first { $0.rule == .sessionHealth }?.decision == .stuck, "\(plan.findings)")
    guard case .alive(_, let doubted) = ledger[toast].doubting(forged) else { return #expect(Bool(false)) }
    #expect(doubted.objection?.contains("its own pane is gone") == true)
  }

  @Test func `an agent that was adopted is not the end of a start of ours`() {
    var ledger = Ledger()
    ledger[toast].launch = AgentRecord.Launch(at: Given.ago(9), isRestart: true, hook: nil)
    #expect(decide(alive(marked: true, adopted: true), ledger).events.isEmpty)
    #expect(decide(alive(marked: true), ledger).events.map(\.kind) == [.agentRestarted])
  }
}
