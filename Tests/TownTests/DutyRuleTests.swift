// SPDX-License-Identifier: Apache-2.0

import Foundation
@testable import Town
import Testing

/// Rules 5, 6 and 7: stale agents, GUPP violations, orphaned work.
@Suite struct DutyRuleTests {
  private static let witness = AgentIdentity.witness(rig: "my-rig")
  private static let refinery = AgentIdentity.refinery(rig: "my-rig")
  private static let gone: Reading<Bead?> = .known(nil)

  private func decide(
    _ observation: AgentObservation, ledger: Ledger = Ledger(), look: TownRules.Look = .heartbeat,
    busy: Set<String> = [], at time: Timestamp = Given.now, policy: Policy = Policy(),
    _ change: (inout TownSnapshot) -> Void = { _ in }
  ) -> Plan {
    var snapshot = Given.snapshot([observation], at: time)
    change(&snapshot)
    return TownRules(policy: policy).decide(snapshot, ledger: ledger, busy: busy, look: look)
  }

  private func kinds(_ plan: Plan) -> [EventKind] {
    plan.events.map(\.kind).filter { [.staleAgent, .guppViolation, .orphanedWork].contains($0) }
  }

  // MARK: Rule 5

  private static func stale(
    _ agent: AgentIdentity = .mayor, _ liveness: Liveness = .absent, state: String? = "running", age: Int64 = 900,
    status: Bead.Status = .open, hold: Reading<Hold?> = .known(nil), hasDirectory: Bool = true
  ) -> AgentObservation {
    Given.seen(
      agent, liveness, bead: .known(Given.bead(agent, state: state, status: status, updated: Given.ago(age))),
      hold: hold, hasDirectory: hasDirectory)
  }

  @Test(arguments: [
    stale(), stale(state: "working"), stale(refinery), stale(.mayor, Given.corpse()), stale(.mayor, Given.shell()),
    stale(witness, hold: .known(Given.held)), stale(.deacon, hold: .known(Given.stopped)),
    stale(witness, hasDirectory: false),
  ])
  func `an agent that says it works, for long, and runs nowhere is to be marked`(observation: AgentObservation) {
    let plan = decide(observation)
    #expect(
      plan.marks == [
        MarkOrder(agent: observation.agent, bead: observation.agent.bead, hook: "gt-x1", since: Given.ago(900))
      ])
    #expect(plan.launches.isEmpty && !kinds(plan).contains(.staleAgent), "it is told when it is written")
  }

  @Test(arguments: [
    stale(age: 899), stale(age: -60), stale(state: "idle"), stale(state: "dead"), stale(state: nil),
    stale(state: "stuck"), stale(status: .closed), stale(status: .tombstone),
    stale(.mayor, Given.alive()), stale(.mayor, Given.alive(own: false, marked: false)),
    stale(.mayor, .unknown("tmux")),
    stale(.mayor, Given.shell(attached: true)),
    // Rules 1 and 2 start these.
    stale(.deacon), stale(witness), stale(.deacon, Given.corpse()),
    // Nobody's rule, or nobody's knowledge.
    stale(Given.toast, hold: .known(Given.held)), stale(.crew(rig: "my-rig", name: "ada")),
    stale(witness, hold: .unknown("holds/")), Given.seen(.mayor, bead: .unknown("bd")),
    Given.seen(.mayor, bead: .known(nil)),
  ])
  func `nobody else is`(observation: AgentObservation) { #expect(decide(observation).marks.isEmpty) }

  @Test func `nor is anybody whom a job is under way for, who waits, or whom the heartbeat did not read`() {
    #expect(decide(Self.stale(), busy: ["gt-mayor"]).marks.isEmpty)
    #expect(decide(Self.stale(), look: .event).marks.isEmpty)
    #expect(decide(Self.stale(), look: .hooks).marks.isEmpty)
    var ledger = Given.ledger(.deacon)
    for _ in 0..<3 { ledger[.deacon].restartPolicy.noteAttempt(at: Given.now) }
    let waiting = decide(Self.stale(.deacon), ledger: ledger)
    #expect(waiting.findings.map(\.decision) == [.wait] && waiting.marks.isEmpty)
  }

  @Test(arguments: [Liveness.absent, Given.corpse(), Given.shell()])
  func `nor anybody while a tmux server did not answer`(liveness: Liveness) {
    #expect(decide(Self.stale(.mayor, liveness)) { $0.tmuxFailure = "timed out" }.marks.isEmpty)
    #expect(decide(Self.stale(.mayor, liveness)) { $0.otherTmuxFailure = "refused" }.marks.isEmpty)
  }

  @Test func `the age is a setting`() {
    var policy = Policy()
    policy.stale = .seconds(30)
    #expect(decide(Self.stale(age: 30), policy: policy).marks.count == 1)
    #expect(decide(Self.stale(age: 29), policy: policy).marks.isEmpty)
  }

  @Test func `what has changed until the write forbids it`() {
    let order = MarkOrder(agent: .mayor, bead: "gt-mayor", hook: "gt-x1", since: Given.ago(900))
    func objection(_ bead: Reading<Bead?>?, _ liveness: Liveness? = .absent, failure: String? = nil) -> String? {
      var snapshot = Given.snapshot(liveness.map { [Given.seen(.mayor, $0)] } ?? [])
      snapshot.otherTmuxFailure = failure
      return StaleRule.objection(to: order, bead: bead, snapshot: snapshot, steps: ClockSteps(), policy: Policy())
    }
    func bead(_ state: String = "running", hook: String? = "gt-x1", age: Int64 = 900) -> Reading<Bead?> {
      .known(Given.bead(.mayor, state: state, hook: hook, updated: Given.ago(age)))
    }
    #expect(objection(bead()) == nil && objection(bead(), Given.corpse()) == nil)
    for changed in [
      bead("dead"), bead("idle"), bead(hook: "gt-x2"), bead(hook: nil), bead(age: 1), .known(nil), .unknown("bd"),
    ] {
      #expect(objection(changed) != nil)
    }
    #expect(objection(nil) != nil && objection(bead(), nil) != nil && objection(bead(), failure: "refused") != nil)
    for liveness in [Given.alive(), .unknown("tmux"), Given.shell(attached: true)] {
      #expect(objection(bead(), liveness) != nil)
    }
  }

  @Test func `a mark whose end nobody heard of is told once, at the next heartbeat`() {
    var ledger = Ledger()
    ledger[.mayor].marking = AgentRecord.Marking(bead: "gt-mayor", since: Given.ago(900))
    let marked = Given.seen(.mayor, bead: .known(Given.bead(.mayor, state: "dead", hook: nil, updated: Given.ago(1))))
    let plan = decide(marked, ledger: ledger)
    #expect(kinds(plan) == [.staleAgent] && plan.ledger[.mayor].marking == nil && plan.marks.isEmpty)
    #expect(kinds(decide(marked, ledger: plan.ledger)).isEmpty)
    // One who came back instead is no longer being marked.
    #expect(decide(Self.stale(.mayor, Given.alive()), ledger: ledger).ledger[.mayor].marking == nil)
  }

  // MARK: Rule 6

  private static func stuck(
    _ liveness: Liveness = Given.alive(), state: String = "working", hook: String? = "gt-x1", age: Int64 = 1800,
    status: Bead.Status = .open, hooked: Reading<Bead?>? = .known(nil), agent: AgentIdentity = Given.toast,
    id: String? = nil
  ) -> AgentObservation {
    var bead = Given.bead(agent, state: state, hook: hook, status: status, updated: Given.ago(age))
    bead.id = id ?? bead.id
    return Given.seen(agent, liveness, bead: .known(bead), hooked: hooked)
  }

  private static func living(for seconds: Int64 = 1800, _ agent: AgentIdentity = Given.toast) -> Ledger {
    var ledger = Given.ledger(agent)
    ledger[agent].since = Given.ago(seconds)
    return ledger
  }

  @Test(arguments: ["gt-my-rig-polecat-toast", "gt-polecat-my-rig-toast"])
  func `a polecat that makes no progress is told of in the original's words`(id: String) {
    let plan = decide(Self.stuck(age: 2100, hooked: .known(Given.work(.hooked)), id: id), ledger: Self.living())
    #expect(kinds(plan) == [.guppViolation] && plan.events.map(\.bead) == ["gt-x1"])
    #expect(plan.notices.map(\.recipients) == [["my-rig/witness"]])
    #expect(plan.notices.map(\.subject) == ["GUPP_VIOLATION: \(id) stuck for 35m0s"])
    #expect(
      plan.notices.map(\.body) == [
        """
        Agent \(id) has work on hook but isn't progressing.

        hook_bead: gt-x1
        stuck_duration: 35m0s

        Action needed: Check if agent is alive and responsive. Consider restarting if stuck.
        """
      ])
    #expect(plan.launches.isEmpty && plan.marks.isEmpty)
  }

  @Test(arguments: [
    stuck(age: 1799), stuck(age: -5), stuck(state: "idle"), stuck(state: "done"), stuck(state: "spawning"),
    stuck(hook: nil), stuck(status: .closed), stuck(.unknown("tmux")), stuck(Given.corpse()), stuck(Given.shell()),
    // Another life than the one that has lasted so long.
    stuck(Given.alive(Given.life(99))),
    stuck(hooked: .known(Given.work(.closed))), stuck(hooked: .known(Given.work(.tombstone))),
    stuck(hooked: .unknown("bd")), stuck(hooked: nil),
    Given.seen(Given.toast, Given.alive(), bead: .unknown("bd")),
    Given.seen(Given.toast, Given.alive(), bead: .known(nil)),
  ])
  func `nobody is without every sign of it`(observation: AgentObservation) {
    let plan = decide(observation, ledger: Self.living())
    #expect(!kinds(plan).contains(.guppViolation) && !plan.notices.contains { $0.key == Notice.guppKey })
    #expect(plan.ledger[Given.toast].toldGupp == nil)
  }

  @Test func `nor one that has not lived so long, nor another agent, nor on an old reading`() {
    #expect(kinds(decide(Self.stuck(), ledger: Self.living(for: 1799))).isEmpty)
    let crew = AgentIdentity.crew(rig: "my-rig", name: "ada")
    #expect(kinds(decide(Self.stuck(agent: crew), ledger: Self.living(crew))).isEmpty)
    #expect(kinds(decide(Self.stuck(), ledger: Self.living(), look: .event)).isEmpty)
    #expect(kinds(decide(Self.stuck(), ledger: Self.living(), busy: [Given.toast.session])).isEmpty)
  }

  private static func living(_ agent: AgentIdentity) -> Ledger { living(for: 1800, agent) }

  @Test func `the work is read before anything is said about it`() {
    let first = decide(Self.stuck(hooked: nil), ledger: Self.living())
    #expect(first.hooksInDoubt == ["gt-x1"] && kinds(first).isEmpty)
    let second = decide(Self.stuck(), ledger: first.ledger, look: .hooks)
    #expect(kinds(second) == [.guppViolation] && second.hooksInDoubt.isEmpty)
    #expect(second.events[0].reason?.contains("gt-x1 was not found, and counts as open") == true)
  }

  @Test func `it is told once, sent until it is through, and told again after progress or of other work`() throws {
    var ledger = decide(Self.stuck(), ledger: Self.living()).ledger
    let unsent = decide(Self.stuck(), ledger: ledger)
    #expect(kinds(unsent).isEmpty && unsent.notices.count == 1, "the message has not gone out")
    ledger[Given.toast].noteSent(try #require(unsent.notices.first))
    // Across a restart of the daemon, too: the file keeps milliseconds.
    ledger = try JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger))
    for seconds in [0, 300, 86_400] as [Int64] {
      let again = decide(Self.stuck(), ledger: ledger, at: Given.later(seconds))
      #expect(kinds(again).isEmpty && again.notices.isEmpty && again.hooksInDoubt.isEmpty && again.ledger == ledger)
    }
    let progress = decide(Self.stuck(age: 1700), ledger: ledger)
    #expect(kinds(progress).isEmpty)
    #expect(kinds(decide(Self.stuck(age: 1700), ledger: progress.ledger, at: Given.later(100))) == [.guppViolation])
    #expect(kinds(decide(Self.stuck(hook: "gt-x2"), ledger: ledger)) == [.guppViolation])
    #expect(decide(Self.stuck(hook: nil), ledger: ledger).ledger[Given.toast].toldGupp == nil)
  }

  @Test func `nanoseconds that the ledger does not keep are no progress`() throws {
    var observation = Self.stuck()
    guard case .known(var bead?) = observation.bead else { return }
    bead.updatedAt = Timestamp(nanoseconds: Given.ago(1900).nanoseconds + 123_456_789)
    observation.bead = .known(bead)
    var ledger = decide(observation, ledger: Self.living()).ledger
    ledger[Given.toast].toldGupp?.isSent = true
    ledger = try JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger))
    #expect(decide(observation, ledger: ledger).notices.isEmpty)
  }

  // MARK: Rule 7

  private static func orphaned(
    _ agent: AgentIdentity = Given.toast, _ liveness: Liveness = .absent, state: String = "dead",
    hook: String? = "gt-x1", status: Bead.Status = .open, hooked: Reading<Bead?>? = .known(Given.work(.open)),
    hold: Reading<Hold?> = .known(nil), id: String? = nil
  ) -> AgentObservation {
    var bead = Given.bead(agent, state: state, hook: hook, status: status, updated: Given.ago(5))
    bead.id = id ?? bead.id
    return Given.seen(agent, liveness, bead: .known(bead), hooked: hooked, hold: hold)
  }

  @Test(arguments: [
    (orphaned(), ["my-rig/witness"]), (orphaned(id: "gt-polecat-my-rig-toast"), ["my-rig/witness"]),
    (orphaned(Given.toast, Given.corpse()), ["my-rig/witness"]),
    (orphaned(Given.toast, Given.shell()), ["my-rig/witness"]),
    (orphaned(refinery), ["my-rig/witness"]), (orphaned(.crew(rig: "my-rig", name: "ada")), ["my-rig/witness"]),
    (orphaned(.mayor), ["mayor/", "overseer"]), (orphaned(witness, hold: .known(Given.held)), ["deacon/"]),
    (orphaned(hooked: .known(nil)), ["my-rig/witness"]),
  ])
  func `a dead agent's work is told of, to whom it concerns`(observation: AgentObservation, recipients: [String]) {
    let plan = decide(observation)
    let id = observation.bead.value??.id ?? ""
    #expect(kinds(plan) == [.orphanedWork] && plan.launches.isEmpty)
    let notices = plan.notices.filter { $0.key == Notice.orphanKey }
    #expect(notices.map(\.recipients) == [recipients])
    #expect(notices.map(\.subject) == ["ORPHANED_WORK: \(id) is dead with work on its hook"])
    #expect(notices[0].body.contains("hook_bead: gt-x1"))
  }

  @Test(arguments: [
    orphaned(state: "working"), orphaned(state: "done"), orphaned(state: "stopped"), orphaned(hook: nil),
    orphaned(status: .closed), orphaned(Given.toast, Given.alive()), orphaned(Given.toast, .unknown("tmux")),
    orphaned(hooked: .known(Given.work(.closed))), orphaned(hooked: .unknown("bd")), orphaned(hooked: nil),
    orphaned(hold: .unknown("holds/")), orphaned(.deacon), orphaned(witness),
    Given.seen(Given.toast, bead: .unknown("bd")), Given.seen(Given.toast, bead: .known(nil)),
  ])
  func `no other work is orphaned`(observation: AgentObservation) {
    let plan = decide(observation)
    #expect(!kinds(plan).contains(.orphanedWork) && !plan.notices.contains { $0.key == Notice.orphanKey })
  }

  @Test func `nor while tmux did not answer, nor on an old reading`() {
    #expect(kinds(decide(Self.orphaned()) { $0.tmuxFailure = "timed out" }).isEmpty)
    #expect(kinds(decide(Self.orphaned()) { $0.otherTmuxFailure = "refused" }).isEmpty)
    #expect(kinds(decide(Self.orphaned(), look: .event)).isEmpty)
    #expect(decide(Self.orphaned(hooked: nil)).hooksInDoubt == ["gt-x1"])
  }

  @Test func `orphaned work is told once for each agent and hook`() throws {
    let first = decide(Self.orphaned())
    var ledger = first.ledger
    #expect(decide(Self.orphaned(), ledger: ledger).notices.count == 1, "the message has not gone out")
    ledger[Given.toast].noteSent(try #require(first.notices.first))
    ledger = try JSONDecoder().decode(Ledger.self, from: JSONEncoder().encode(ledger))
    let again = decide(Self.orphaned(), ledger: ledger, at: Given.later(86_400))
    #expect(kinds(again).isEmpty && again.notices.isEmpty && again.ledger == ledger)
    #expect(kinds(decide(Self.orphaned(hook: "gt-x2"), ledger: ledger)) == [.orphanedWork])
    // Once it has lived again, it is another matter.
    let risen = decide(Self.orphaned(Given.toast, Given.alive()), ledger: ledger)
    #expect(risen.ledger[Given.toast].toldOrphan == nil)
  }

  // MARK: What is remembered and said

  @Test func `a ledger from before these rules can be read`() throws {
    let old =
      #"{"version":1,"agents":{"gt-my-rig-toast":{"backoff":{"attempts":0},"restarts":3,"told_not_ready":false}}}"#
    let ledger = try JSONDecoder().decode(Ledger.self, from: Data(old.utf8))
    #expect(ledger[Given.toast].restarts == 3 && ledger[Given.toast].toldGupp == nil)
  }

  @Test(
    arguments: [(0, "0s"), (59, "59s"), (60, "1m0s"), (2100, "35m0s"), (3605, "1h0m5s"), (-3, "0s")]
      as [(Int64, String)])
  func `durations are written as the original writes them`(seconds: Int64, words: String) {
    #expect(Duration.seconds(seconds).inWords == words)
  }

  @Test func `the ages are settings`() throws {
    let settings = try TownSettings(
      json: .object(["checks": .object(["stale": .string("20m"), "gupp": .string("1h")])]))
    #expect(settings.policy.stale == .seconds(1200) && settings.policy.gupp == .seconds(3600))
    #expect(Policy().stale == .seconds(900) && Policy().gupp == .seconds(1800))
  }

  @Test func `every kind of event has a number of its own`() {
    #expect(Set(EventKind.allCases.map(\.messageID)).count == EventKind.allCases.count)
  }
}
