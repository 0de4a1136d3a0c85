// SPDX-License-Identifier: Apache-2.0

import Testing
@testable import Town

/// Mail that announces a polecat.
@Suite struct StartedRuleTests {
  private func message(
    _ subject: String = "POLECAT_STARTED my-rig/toast", body: String = "Session: gt-my-rig-toast\nIssue: gt-x1",
    id: String = "gt-m1"
  ) -> Message {
    Message(id: id, sender: "my-rig/toast", subject: subject, body: body, sentAt: Given.ago(60))
  }

  private func decide(_ messages: [Message], pending: [PendingSpawn] = []) -> StartedRule.Plan {
    let snapshot = TownSnapshot(
      time: Given.now, boot: Given.boot, rigs: ["my-rig", "my"].map { Rig(name: $0) },
      agents: [AgentObservation(agent: Given.toast, liveness: .absent, bead: .known(nil))])
    return StartedRule.decide(messages, pending: pending, snapshot: snapshot)
  }

  @Test func `it becomes an entry with all that the original wrote`() {
    let plan = decide([message()])
    #expect(
      plan.pending == [
        PendingSpawn(
          rig: "my-rig", polecat: "toast", session: "gt-my-rig-toast", issue: "gt-x1", spawnedAt: Given.ago(60),
          mailID: "gt-m1")
      ])
    #expect(plan.handled == ["gt-m1"] && plan.events.isEmpty)
  }

  @Test(arguments: ["", "Session:\nIssue:", "Session: gt-my-rig-toast\r\nsomething else"])
  func `session and issue may be missing`(body: String) {
    let entry = decide([message(body: body)]).pending.first
    #expect(entry?.session == "gt-my-rig-toast" && entry?.issue == nil)
  }

  @Test func `one that waits already is completed, not doubled`() {
    let waiting = PendingSpawn.of(Given.toast, hook: nil, at: Given.ago(5))
    let plan = decide([message(), message(id: "gt-m2")], pending: [waiting])
    #expect(plan.pending.count == 1 && plan.pending.first?.issue == "gt-x1" && plan.pending.first?.mailID == "gt-m1")
    #expect(plan.handled == ["gt-m1", "gt-m2"])
  }

  @Test(arguments: [
    ("POLECAT_STARTED", ""), ("POLECAT_STARTED nobody", ""), ("POLECAT_STARTED other/toast", ""),
    ("POLECAT_STARTED my-rig/witness", ""), ("POLECAT_STARTED my-rig/toast", "Session: gt-deacon"),
  ])
  func `what names no polecat, or another's session, is told once and waited for by nobody`(
    subject: String, body: String
  ) {
    let plan = decide([message(subject, body: body)])
    #expect(plan.pending.isEmpty && plan.handled == ["gt-m1"] && plan.events.map(\.kind) == [.spawnDropped])
  }

  @Test(arguments: ["POLECAT_STARTEDLY x", "Re: POLECAT_STARTED my-rig/toast", "hello"])
  func `other mail is left alone`(subject: String) {
    let plan = decide([message(subject)])
    #expect(plan.pending.isEmpty && plan.handled.isEmpty && plan.events.isEmpty)
  }

  @Test func `without the registry nothing is concluded`() {
    let snapshot = TownSnapshot(time: Given.now, boot: Given.boot, registryFailure: "unreadable")
    let plan = StartedRule.decide([message()], pending: [], snapshot: snapshot)
    #expect(plan.handled.isEmpty && plan.events.isEmpty)
  }
}
