// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// Deaths as transitions, and what is answered to them.
@Suite struct DeathTests {
  private let rules = TownRules(policy: Policy())

  private func decide(
    _ observation: AgentObservation, ledger: Ledger = Given.ledger(), at time: Timestamp = Given.now,
    boot: String = Given.boot, servers: Set<ServerIdentity> = [Given.server]
  ) -> Plan {
    rules.decide(Given.snapshot([observation], at: time, boot: boot, servers: servers), ledger: ledger, busy: [])
  }

  @Test func `an agent that lived and does not is a crash, once, and is restarted`() {
    let first = decide(Given.seen(Given.toast, Given.corpse()))
    #expect(first.events.map(\.kind) == [.crashDetected])
    #expect(first.events[0].pid == 4711 && first.events[0].bead == "gt-x1" && first.events[0].cause == .signalled(9))
    #expect(first.launches.map(\.isRestart) == [true])
    #expect(first.launches[0].place == .deadPane(server: Given.server, pane: "%1"))
    #expect(first.launches[0].hook == "gt-x1" && first.launches[0].delay == .zero)
    let second = decide(Given.seen(Given.toast, Given.corpse()), ledger: first.ledger)
    #expect(second.events.isEmpty)
    #expect(second.launches.map(\.isRestart) == [true])
  }

  @Test func `an end that is found before the beads are read names the work that was on the hook`() {
    let unread = Reading<Bead?>.unknown("not read yet")
    let alive = decide(Given.seen(Given.toast, Given.alive()))
    let unseen = decide(Given.seen(Given.toast, Given.alive(), bead: unread), ledger: alive.ledger)
    let plan = decide(Given.seen(Given.toast, Given.corpse(), bead: unread), ledger: unseen.ledger)
    #expect(plan.events.map(\.kind) == [.crashDetected] && plan.events[0].bead == "gt-x1")
    #expect(
      plan.events[0].message.contains("with gt-x1 on its hook") && plan.ledger[Given.toast].death?.hook == "gt-x1")
    // What the bead says counts, where it was read.
    let other = decide(
      Given.seen(Given.toast, Given.corpse(), bead: .known(Given.bead(hook: nil))), ledger: unseen.ledger)
    #expect(other.events.first?.bead == nil)
  }

  /// After a reboot nobody is remembered, and still nobody waits for the heartbeat.
  @Test func `one that ought to run is looked at again soon where its hold or its server cannot be read`() {
    for unclear in [
      Given.seen(.deacon, .absent, hold: .unknown("unreadable")), Given.seen(.deacon, .unknown("tmux is silent")),
    ] {
      let plan = decide(unclear, ledger: Ledger())
      #expect(plan.launches.isEmpty && plan.nextLook == Given.later(30))
    }
    #expect(decide(Given.seen(.mayor, .unknown("tmux is silent")), ledger: Ledger()).nextLook == nil)
  }

  @Test func `one that nobody restarts is told of also where its hold could not be read at first`() {
    let unclear = Given.seen(.mayor, Given.corpse(), hold: .unknown("unreadable"))
    let first = decide(unclear, ledger: Given.ledger(.mayor))
    #expect(first.events.map(\.kind) == [.crashDetected] && first.notices.isEmpty)
    let second = decide(Given.seen(.mayor, Given.corpse()), ledger: first.ledger)
    #expect(second.events.map(\.kind) == [.agentStopped] && second.notices.map(\.key) == [Notice.diedKey])
    #expect(decide(Given.seen(.mayor, Given.corpse()), ledger: second.ledger).notices.isEmpty)
    let stopped = decide(Given.seen(.mayor, Given.corpse(), hold: .known(Given.stopped)), ledger: first.ledger)
    #expect(stopped.notices.isEmpty, "who stopped it knows")
  }

  @Test func `the corpse of one that others have replaced elsewhere is no news when the one elsewhere is gone`() {
    // Its own server could not be reached when it died.
    var plan = decide(
      Given.seen(.mayor, Given.alive(Given.life(12, pane: "%7"), own: false)), ledger: Given.ledger(.mayor))
    #expect(plan.events.map(\.kind) == [.agentReplaced])
    #expect(plan.ledger[.mayor].graves == [AgentRecord.Grave(of: Given.life())])
    plan = decide(Given.seen(.mayor, Given.corpse(pid: 12, pane: "%7")), ledger: plan.ledger)
    #expect(plan.events.map(\.kind) == [.crashDetected] && plan.events[0].pid == 12)
    plan = decide(Given.seen(.mayor, Given.corpse()), ledger: plan.ledger)
    #expect(plan.events.isEmpty)
  }

  @Test func `an older corpse is no news either when the one elsewhere is gone`() {
    var plan = decide(Given.seen(.mayor, Given.corpse()), ledger: Given.ledger(.mayor))
    plan = decide(Given.seen(.mayor, Given.alive(Given.life(12, pane: "%7"), own: false)), ledger: plan.ledger)
    plan = decide(Given.seen(.mayor, Given.corpse(pid: 12, pane: "%7")), ledger: plan.ledger)
    #expect(plan.events.map(\.kind) == [.crashDetected] && plan.events[0].pid == 12)
    for _ in 0..<2 {
      plan = decide(Given.seen(.mayor, Given.corpse()), ledger: plan.ledger)
      #expect(plan.events.isEmpty)
      plan = decide(Given.seen(.mayor, Given.corpse(pid: 12, pane: "%7")), ledger: plan.ledger)
      #expect(plan.events.isEmpty)
    }
    #expect(decide(Given.seen(.mayor, Given.corpse(pid: 13)), ledger: plan.ledger).events.count == 1)
  }

  /// Its corpse on our server stays while others have it elsewhere, and is seen again when it has left there.
  /// Its server was silent, and a shell that it had left on another one showed that it had ended.
  @Test func `a corpse that is found after its death was told of is no other death`() {
    for agent in [Given.toast, AgentIdentity.mayor] {
      var plan = decide(Given.seen(agent, Given.shell()), ledger: Given.ledger(agent))
      #expect(plan.events.map(\.kind) == [.crashDetected] && plan.events[0].pid == 4711)
      plan.ledger[agent].death = nil
      plan = decide(Given.seen(agent, Given.corpse()), ledger: plan.ledger)
      #expect(plan.events.isEmpty && plan.notices.isEmpty)
      plan = decide(Given.seen(agent, Given.corpse(pid: 4712)), ledger: plan.ledger)
      #expect(plan.events.map(\.pid) == [4712])
    }
  }

  @Test func `a corpse that was told of is no news after a life elsewhere`() {
    var plan = decide(Given.seen(.mayor, Given.corpse()), ledger: Given.ledger(.mayor))
    #expect(plan.events.map(\.kind) == [.crashDetected])
    let elsewhere = Given.alive(Given.life(12, pane: "%7"), own: false)
    plan = decide(Given.seen(.mayor, elsewhere), ledger: plan.ledger)
    #expect(plan.ledger[.mayor].life?.pid == 12)
    plan.ledger[.mayor].life = nil
    #expect(decide(Given.seen(.mayor, Given.corpse()), ledger: plan.ledger).events.isEmpty)
    #expect(decide(Given.seen(.mayor, Given.corpse(pid: 13)), ledger: plan.ledger).events.count == 1)
  }

  @Test func `an agent that has not lived since boot is started, and nobody has died`() {
    let plan = decide(Given.seen(), ledger: Ledger())
    #expect(plan.events.isEmpty)
    #expect(plan.launches.map(\.isRestart) == [false])
    #expect(plan.launches[0].place == .newSession)
  }

  @Test func `after a reboot nobody has crashed, and an open death is answered by a start`() {
    let rebooted = decide(Given.seen(), boot: "boot-2", servers: [])
    #expect(rebooted.events.isEmpty)
    #expect(rebooted.launches.map(\.isRestart) == [false])
    let open = decide(Given.seen(Given.toast, bead: .unknown("bd"))).ledger
    #expect(open[Given.toast].death != nil)
    let later = decide(Given.seen(), ledger: open, boot: "boot-2", servers: [])
    #expect(later.launches.map(\.isRestart) == [false])
    #expect(later.ledger[Given.toast].death == nil)
  }

  @Test func `a corpse that nobody remembers counts once`() {
    let first = decide(Given.seen(Given.toast, Given.corpse(pid: 9)), ledger: Ledger())
    #expect(first.events.map(\.kind) == [.crashDetected])
    #expect(first.launches.map(\.isRestart) == [true])
    let resting = Given.seen(Given.toast, Given.corpse(pid: 9), bead: .known(Given.bead(state: "done")))
    let buried = decide(resting, ledger: Ledger())
    #expect(buried.events.map(\.kind) == [.crashDetected])
    let again = decide(resting, ledger: buried.ledger)
    #expect(again.events.isEmpty && again.launches.isEmpty)
  }

  @Test(arguments: [
    (Given.corpse(.exited(status: 3)), true, ExitCause.exited(status: 3)), (.absent, true, .sessionGone),
    (.absent, false, .serverGone), (Given.shell(), true, .shellLeft), (Given.corpse(pane: "%9"), true, .sessionGone),
  ])
  func `the cause is told as far as it is known`(liveness: Liveness, serverIsThere: Bool, cause: ExitCause) {
    let plan = decide(Given.seen(Given.toast, liveness), servers: serverIsThere ? [Given.server] : [])
    #expect(plan.events.compactMap(\.cause) == [cause])
    #expect(plan.events.filter { $0.agent != nil }.map(\.kind) == [.crashDetected])
  }

  @Test func `another's shell in its session is not what the agent has left`() {
    for (servers, cause) in [([Given.server], ExitCause.sessionGone), ([], .serverGone)] {
      let plan = decide(Given.seen(Given.toast, Given.shell(belongs: false)), servers: Set(servers))
      #expect(plan.events.first?.kind == .crashDetected && plan.events.first?.cause == cause)
      #expect(plan.launches.isEmpty && plan.notices.map(\.key).contains("cannot-start"))
    }
  }

  @Test func `a person's stop is no crash, and is not answered`() {
    let plan = decide(Given.seen(hold: .known(Given.stopped)))
    #expect(plan.events.map(\.kind) == [.agentStopped])
    #expect(plan.launches.isEmpty && plan.ledger[Given.toast].death == nil)
  }

  @Test func `a death of one who is done or held is told, and closed`() {
    for observation in [
      Given.seen(Given.toast, Given.corpse(), bead: .known(Given.bead(state: "done"))),
      Given.seen(Given.toast, Given.corpse(), hold: .known(Given.held)),
    ] {
      let plan = decide(observation)
      #expect(plan.events.map(\.kind) == [.crashDetected])
      #expect(plan.launches.isEmpty && plan.notices.isEmpty && plan.ledger[Given.toast].death == nil)
      #expect(decide(observation, ledger: plan.ledger).events.isEmpty)
    }
    let ended = decide(Given.seen(Given.toast, Given.corpse(.exited(status: 0)), bead: .known(Given.bead(hook: nil))))
    #expect(ended.events.map(\.kind) == [.agentStopped])
  }

  @Test func `an open death is kept while the store is unknown, names its next look, and is closed with a reason`() {
    let open = decide(Given.seen(Given.toast, Given.corpse(), bead: .unknown("bd hangs")))
    #expect(open.events.map(\.kind) == [.crashDetected])
    #expect(open.launches.isEmpty && open.ledger[Given.toast].death != nil)
    #expect(open.nextLook == Given.now + TownRules.retry)
    let still = decide(Given.seen(Given.toast, .unknown("tmux hangs")), ledger: open.ledger)
    #expect(still.events.isEmpty && still.launches.isEmpty && still.nextLook == Given.now + TownRules.retry)
    let closed = decide(
      Given.seen(Given.toast, Given.corpse(), bead: .known(Given.bead(state: "done"))), ledger: open.ledger)
    #expect(closed.events.map(\.kind) == [.agentStopped])
    #expect(closed.ledger[Given.toast].death == nil)
    let answered = decide(Given.seen(Given.toast, Given.corpse()), ledger: open.ledger)
    #expect(answered.events.isEmpty && answered.launches.map(\.isRestart) == [true])
  }

  @Test func `an unknown agent is neither dead nor started`() {
    let plan = decide(Given.seen(Given.toast, .unknown("time-out")))
    #expect(plan.events.isEmpty && plan.launches.isEmpty && plan.nextLook == Given.now + TownRules.retry)
    #expect(plan.ledger == Given.ledger())
    #expect(plan.findings.map(\.decision) == [.unknown])
  }

  @Test func `a death while spawning is looked at again when the time is up`() {
    let bead = Given.bead(state: "spawning", updated: Given.ago(100))
    let plan = decide(Given.seen(Given.toast, Given.corpse(), bead: .known(bead)))
    #expect(plan.events.map(\.kind) == [.crashDetected])
    #expect(plan.launches.isEmpty && plan.nextLook == Given.later(200) && plan.ledger[Given.toast].death != nil)
  }

  @Test(arguments: [AgentIdentity.mayor, .refinery(rig: "r"), .crew(rig: "r", name: "ada")])
  func `a role that is not restarted is told about once`(agent: AgentIdentity) {
    let first = decide(Given.seen(agent, Given.corpse()), ledger: Given.ledger(agent))
    #expect(first.events.map(\.kind) == [.crashDetected])
    #expect(first.notices.map(\.key) == ["died"] && first.notices[0].recipients == agent.guardians)
    #expect(first.launches.isEmpty)
    let second = decide(Given.seen(agent, Given.corpse()), ledger: first.ledger)
    #expect(second.events.isEmpty && second.notices.isEmpty)
  }
}
