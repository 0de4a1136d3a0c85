// SPDX-License-Identifier: Apache-2.0

import Testing
@testable import Town

/// Which mail is a lifecycle request, what it asks for, and whether that is done.
@Suite struct LifecycleRuleTests {
  private static let rigs = ["my-rig", "my"].map { Rig(name: $0) }

  private static func message(
    from sender: String = "my-rig/toast", subject: String = "LIFECYCLE: toast requesting cycle",
    body: String = "cycle", document: [String: JSONValue]? = nil, sent: Timestamp = Given.ago(60), id: String = "gt-m1"
  ) -> Message {
    Message(id: id, sender: sender, subject: subject, body: body, document: document, sentAt: sent)
  }

  private static func snapshot(
    _ agents: [AgentIdentity] = [Given.toast], liveness: Liveness = Given.alive(), hold: Reading<Hold?> = .known(nil)
  ) -> TownSnapshot {
    TownSnapshot(
      time: Given.now, boot: Given.boot, rigs: rigs,
      agents: agents.map { AgentObservation(agent: $0, liveness: liveness, bead: .known(nil), hold: hold) })
  }

  private static func verdict(
    on message: Message, in snapshot: TownSnapshot = snapshot(), busy: Set<String> = [],
    state: Reading<[String: JSONValue]?> = .known([
      "requesting_cycle": .bool(true), "requesting_restart": .bool(true), "requesting_shutdown": .bool(true),
    ]), birth: Timestamp? = nil
  ) -> LifecycleRule.Verdict? {
    LifecycleRule.judge(
      [message], snapshot: snapshot, busy: busy, policy: Policy(), state: { _ in state }, birth: { _ in birth }
    ).first?.verdict
  }

  private static func refusal(_ verdict: LifecycleRule.Verdict?) -> String? {
    if case .refuse(_, let reason)? = verdict { reason } else { nil }
  }

  private static func delay(_ verdict: LifecycleRule.Verdict?) -> String? {
    if case .wait(let reason)? = verdict { reason } else { nil }
  }

  @Test(arguments: [
    ("LIFECYCLE: x", true), ("lifecycle: x", true), ("  LifeCycle:", true), ("LIFECYCLE x", false),
    ("Re: LIFECYCLE: x", false), ("", false),
  ])
  func `the subject is the gate`(subject: String, isRequest: Bool) {
    #expect(LifecycleRequest.isRequest(Self.message(subject: subject)) == isRequest)
  }

  @Test(
    arguments: [
      ("cycle", .cycle), (" Restart \n", .restart), ("SHUTDOWN", .shutdown), ("stop", .shutdown),
      ("action: restart", .restart), ("Action:cycle", .cycle), ("please\naction: stop\nthank you", .shutdown),
      ("action: cycle\naction: cycle", .cycle), ("action: cycle\naction: stop", nil), ("action: dance", nil),
      ("cycle please", nil), ("", nil), ("don't shutdown", nil),
    ] as [(String, LifecycleAction?)])
  func `plain words ask for one thing or nothing`(body: String, action: LifecycleAction?) {
    #expect(LifecycleRequest.action(of: Self.message(body: body)) == action)
  }

  @Test(
    arguments: [
      (["action": .string("cycle")], .cycle), (["action": .string("stop"), "why": .string("x")], .shutdown),
      (["action": .string("explode")], nil), (["action": .bool(true)], nil), (["Action": .string("cycle")], nil),
      ([:], nil),
    ] as [([String: JSONValue], LifecycleAction?)])
  func `so does JSON`(document: [String: JSONValue], action: LifecycleAction?) {
    #expect(LifecycleRequest.action(of: Self.message(body: "{…}", document: document)) == action)
  }

  @Test(
    arguments: [
      ("my-rig/toast", Given.toast), ("my-rig/polecats/toast", Given.toast), ("my-rig-polecat-toast/", Given.toast),
      ("gt-my-rig-toast", Given.toast), ("my-rig/witness", .witness(rig: "my-rig")),
      ("my-rig-witness", .witness(rig: "my-rig")), ("my-rig/refinery/", .refinery(rig: "my-rig")),
      ("mayor/", .mayor), ("mayor", .mayor), ("deacon/", .deacon),
      ("my-rig/ann", .crew(rig: "my-rig", name: "ann")), ("my-rig-crew-ann", .crew(rig: "my-rig", name: "ann")),
    ] as [(String, AgentIdentity)])
  func `every form of a sender's address finds its agent`(sender: String, agent: AgentIdentity) {
    let everybody: [AgentIdentity] = [
      .mayor, .deacon, .witness(rig: "my-rig"), .refinery(rig: "my-rig"), .crew(rig: "my-rig", name: "ann"),
      Given.toast,
    ]
    let verdict = Self.verdict(on: Self.message(from: sender), in: Self.snapshot(everybody))
    guard case .claim(agent, let intent)? = verdict else {
      Issue.record("\(String(describing: verdict))")
      return
    }
    #expect(intent.life == Given.life() && intent.step == .claimed && intent.mail == "gt-m1")
  }

  @Test func `what cannot be carried out is refused, with the reason`() {
    #expect(Self.refusal(Self.verdict(on: Self.message(sent: Given.ago(21_601)))) == "it is older than 6h0m0s")
    #expect(Self.verdict(on: Self.message(sent: Given.ago(21_600))).map(Self.refusal) == .some(nil))
    #expect(Self.refusal(Self.verdict(on: Self.message(body: "hm")))?.contains("'hm'") == true)
    #expect(
      Self.refusal(Self.verdict(on: Self.message(from: "my-rig/nobody"))) == "its sender is no agent of this town")
    #expect(Self.refusal(Self.verdict(on: Self.message(from: ""))) == "its sender is no agent of this town")
    let twins = Self.snapshot([Given.toast, .crew(rig: "my-rig", name: "toast")])
    #expect(
      Self.refusal(Self.verdict(on: Self.message(), in: twins))
        == "its sender may be my-rig/polecats/toast and my-rig/crew/toast: rename one of them")
    let held = Self.snapshot(hold: .known(Hold(kind: .hold, who: "ada", when: nil, why: nil)))
    #expect(Self.refusal(Self.verdict(on: Self.message(), in: held)) == "held by ada")
    if case .claim? = Self.verdict(on: Self.message(body: "stop"), in: held) {} else { Issue.record("not claimed") }
    #expect(
      Self.refusal(Self.verdict(on: Self.message(sent: Given.later(30_000)))) == "it claims to be from the future")
  }

  @Test(
    arguments: [
      (.known(nil), "my-rig/polecats/toast/state.json is missing, so nothing says that the agent wants it"),
      (.known([:]), "requesting_cycle must be true in my-rig/polecats/toast/state.json; it is not there"),
      (
        .known(["requesting_cycle": .bool(false)]),
        "requesting_cycle must be true in my-rig/polecats/toast/state.json; it is false"
      ),
      (
        .known(["requesting_cycle": .string("true")]),
        "requesting_cycle must be true in my-rig/polecats/toast/state.json; it is the text 'true'"
      ),
      (
        .known(["requesting_cycle": .integer(1)]),
        "requesting_cycle must be true in my-rig/polecats/toast/state.json; it is 1"
      ),
      (
        .known(["requesting_restart": .bool(true)]),
        "requesting_cycle must be true in my-rig/polecats/toast/state.json; it is not there"
      ),
    ] as [(Reading<[String: JSONValue]?>, String)])
  func `the agent's own state must want it`(state: Reading<[String: JSONValue]?>, reason: String) {
    #expect(Self.refusal(Self.verdict(on: Self.message(), state: state)) == reason)
  }

  @Test func `what cannot be judged waits`() {
    #expect(Self.delay(Self.verdict(on: Self.message(), state: .unknown("half written"))) == "half written")
    #expect(Self.delay(Self.verdict(on: Self.message(), busy: [Given.toast.session])) != nil)
    #expect(Self.delay(Self.verdict(on: Self.message(), in: Self.snapshot(liveness: .unknown("tmux")))) == "tmux")
    let stranger = Self.snapshot(liveness: Given.alive(marked: false))
    #expect(Self.delay(Self.verdict(on: Self.message(), in: stranger)) != nil)
    let watched = Self.snapshot(liveness: Given.shell(attached: true))
    #expect(Self.delay(Self.verdict(on: Self.message(), in: watched)) != nil)
    var partlySeen = Self.snapshot()
    partlySeen.otherTmuxFailure = "no answer"
    #expect(Self.delay(Self.verdict(on: Self.message(), in: partlySeen)) != nil)
    var beadless = Self.snapshot()
    beadless.agents[0].bead = .unknown("locked")
    #expect(Self.delay(Self.verdict(on: Self.message(), in: beadless)) == "locked")
    var blind = Self.snapshot()
    blind.registryFailure = "no rigs.json"
    #expect(Self.delay(Self.verdict(on: Self.message(), in: blind)) == "no rigs.json")
    var partial = Self.snapshot([])
    partial.unreadableRigs = ["my-rig"]
    #expect(Self.delay(Self.verdict(on: Self.message(), in: partial)) != nil)
  }

  @Test func `who was started after it had asked is not ended once more, but shut down`() {
    func life(_ verdict: LifecycleRule.Verdict?) -> ProcessLife?? {
      if case .claim(_, let intent)? = verdict { .some(intent.life) } else { nil }
    }
    let message = Self.message(sent: Given.ago(60))
    #expect(life(Self.verdict(on: message, birth: Given.ago(30))) == .some(nil))
    #expect(life(Self.verdict(on: message, birth: Given.ago(60))) == .some(Given.life()))
    #expect(life(Self.verdict(on: message, birth: Given.ago(90))) == .some(Given.life()))
    let shutdown = Self.message(body: "shutdown", sent: Given.ago(60))
    #expect(life(Self.verdict(on: shutdown, birth: Given.ago(30))) == .some(Given.life()))
    // Nor one of which a clock that was set back unseen leaves that open.
    #expect(life(Self.verdict(on: Self.message(sent: Given.later(600)), birth: Given.ago(30))) == .some(nil))
  }

  @Test func `the oldest comes first, and the next of the same agent waits`() {
    let messages = [
      Self.message(sent: Given.ago(10), id: "gt-b"), Self.message(sent: Given.ago(20), id: "gt-a"),
      Self.message(subject: "hello", id: "gt-c"),
    ]
    let judgements = LifecycleRule.judge(messages, snapshot: Self.snapshot(), busy: [], policy: Policy()) { _ in
      .known(["requesting_cycle": .bool(true)])
    } birth: { _ in
      nil
    }
    #expect(judgements.map(\.message.id) == ["gt-a", "gt-b"])
    if case .claim? = judgements.first?.verdict {} else { Issue.record("the oldest is not claimed") }
    #expect(Self.delay(judgements.last?.verdict) != nil)
  }

  @Test func `a flag of a request that has been dealt with carries out no other message`() {
    func verdict(_ time: String?) -> LifecycleRule.Verdict? {
      var members: [String: JSONValue] = ["requesting_cycle": .bool(true)]
      if let time { members["requesting_time"] = .string(time) }
      return LifecycleRule.judge(
        [Self.message()], snapshot: Self.snapshot(), busy: [], policy: Policy(),
        withdrawn: { _ in Withdrawals([Withdrawal(.cycle, asked: "2026-01-01T00:00:00Z", at: Given.ago(600))]) },
        state: { _ in .known(members) }, birth: { _ in nil }
      ).first?.verdict
    }
    #expect(Self.refusal(verdict("2026-01-01T00:00:00Z"))?.contains("an earlier request") == true)
    if case .claim(_, let intent)? = verdict("2026-01-01T00:10:00Z") {
      #expect(intent.asked == "2026-01-01T00:10:00Z")
    } else {
      Issue.record("a new request is not claimed")
    }
  }

  @Test func `the next step follows from the last and from what is seen`() {
    func next(_ step: LifecycleIntent.Step, _ action: LifecycleAction, _ liveness: Liveness, age: Int64 = 0)
      -> IntentRule.Act
    {
      let intent = LifecycleIntent(
        action: action, mail: "gt-m1", who: "toast", at: Given.ago(age), life: Given.life(), hook: nil, step: step)
      return IntentRule.next(intent, agent: Given.toast, liveness: liveness, at: Given.now, policy: Policy())
    }
    #expect(next(.claimed, .cycle, Given.alive()) == .deleteMail("gt-m1"))
    if case .abandon = next(.claimed, .cycle, Given.alive(), age: 30_000) {} else { Issue.record("not given up") }
    #expect(next(.claimed, .cycle, .absent) == .end(.absent), "nobody is left to be ended")
    #expect(next(.ending, .cycle, Given.alive()) == .end(Given.alive()))
    for shell in [Given.shell(attached: true), Given.shell(belongs: false)] {
      if case .wait = next(.ending, .cycle, shell) {} else { Issue.record("somebody else's shell is ended") }
      if case .wait = next(.ended, .cycle, shell) {} else { Issue.record("somebody else's shell is replaced") }
    }
    #expect(next(.ending, .cycle, Given.alive(Given.life(9))) == .end(.absent), "another process is not ended")
    #expect(next(.ending, .shutdown, .unknown("tmux")) == .wait("tmux"))
    #expect(next(.ended, .shutdown, .absent) == .finish)
    #expect(next(.ended, .restart, .absent) == .start(.newSession))
    #expect(next(.ended, .restart, Given.corpse()) == .start(.deadPane(server: Given.server, pane: "%1")))
    #expect(next(.ended, .restart, Given.alive(Given.life(9))) == .finish)
    #expect(next(.ended, .cycle, .unknown("tmux")) == .wait("tmux"))
    var others = Given.place(marked: false)
    #expect(next(.ended, .restart, .alive(Given.life(9), place: others)) == .finish, "others have started it")
    others.objection = "not here"
    #expect(next(.ended, .restart, .alive(Given.life(9), place: others)) == .wait("not here"), "a person's pane")
  }
}
