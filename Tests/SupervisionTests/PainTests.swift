// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// What people have suffered from daemons of this kind, told as tests. docs/pains.md says which report each
/// is from, and which other tests show the rest.
@Suite(.timeLimit(.minutes(1))) struct PainTests {
  private let town = ModelTown()

  /// Lets time pass, with a heartbeat for every span of it.
  private func live(_ span: Duration, times: Int, _ supervisor: Supervisor) async {
    for _ in 0..<times {
      town.jump(by: span)
      await supervisor.beat()
    }
  }

  /// gt#566 (812 sessions in four days), gt#4468, gt#4793: whoever was silent for long was killed, at work in
  /// one long command or idle at its prompt.
  @Test func `healthy agents that are silent for a night are not killed by the safety net`() async throws {
    let atWork = town.addPolecat("a")
    let idle = town.addPolecat("b", hook: nil)
    town.raise(.deacon, .mayor, atWork, idle)
    try await withSupervisor(of: town) { supervisor in
      await live(.seconds(1_800), times: 16, supervisor)
      for agent in [.deacon, .mayor, atWork, idle] as [AgentIdentity] {
        #expect(town.isAlive(agent) && town.processes(of: agent) == 1 && !town.log.contains(.end(agent.session)))
        #expect(!town.events(of: agent).contains { $0 != .guppViolation })
      }
    }
  }

  /// gt#2795 (86 alerts in half an hour), gt#3998: each heartbeat told of the same dead anew, and three old
  /// dead were a mass death at each of them.
  @Test func `the same dead agents are not told of at every heartbeat`() async throws {
    let dead = ["a", "b", "c"].map { town.addPolecat($0) }
    town.raise(.deacon, dead[0], dead[1], dead[2])
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { state in for agent in dead { state.outcomes[agent] = .failed("it cannot be started") } }
      town.kill(dead[0], dead[1], dead[2])
      await supervisor.askBeat()
      // They are tried one after the other.
      await town.pass(.milliseconds(500)) { state in
        dead.allSatisfy { state.log.contains(.event(.restartFailed, $0.session)) }
          && !state.notices.isEmpty && state.ledger.outbox.isEmpty
      }
      let alerts = town.with { $0.notices.count }
      await live(.seconds(180), times: 40, supervisor)
      for agent in dead { #expect(town.count(.event(.crashDetected, agent.session)) == 1) }
      #expect(town.events(of: nil).count { $0 == .massDeath } == 1)
      // Those of whom nothing was said while many died may be told of when that is over; nobody twice.
      let told = town.with { $0.notices }
      #expect(
        told.count <= alerts + dead.count
          && Set(told.map { "\($0.key) \($0.agent) \($0.hook ?? "")" }).count == told.count, "\(told)")
    }
  }

  /// gt#3638 (155 hours), gt#4462 (16,388 lines that said "skipped", over six weeks): a guard that had given
  /// an agent up did not let go of it by itself.
  @Test func `a Deacon that could not be started for a week is back as soon as it can be`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.outcomes[.deacon] = .failed("it cannot be started") }
      town.kill(.deacon)
      await live(.seconds(3_600), times: 155, supervisor)
      #expect(!town.isAlive(.deacon) && town.events(of: .deacon).first == .crashDetected)
      #expect(town.with { $0.notices.count { $0.agent == .deacon } } == 1)
      town.with { $0.outcomes[.deacon] = nil }
      await town.pass(.seconds(300), until: .event(.agentRestarted, "gt-deacon"))
      #expect(town.isAlive(.deacon) && town.processes(of: .deacon) == 2)
    }
  }

  /// gt#108 (150 million tokens a day), gc#1751 (441 million in one idle night), gt#2084: what watched an idle
  /// town started agents and talked to them all night.
  @Test func `an idle town is not kept busy all night`() async throws {
    let idle = ["a", "b"].map { town.addPolecat($0, hook: nil, state: "idle") }
    town.raise(.deacon, idle[0])
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      await live(.seconds(300), times: 100, supervisor)
      let acts = town.log.filter { call in
        switch call {
        case .launch, .end, .begin, .send, .mark, .event: true
        default: false
        }
      }
      #expect(acts.isEmpty, "\(acts)")
      #expect(!town.isAlive(idle[1]) && town.processes(of: .deacon) == 1)
    }
  }

  /// gt#4698 (for the fourth time), gt#2203: an agent that was restarted did once more what was done and closed.
  @Test func `closed work is not done again by whoever is restarted`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      // The work is closed between the heartbeat and the death, and the hook still names it.
      town.with { state in
        state.beads["gt-work"] = Bead(
          id: "gt-work", title: "", status: .closed, type: "task", createdAt: state.now, updatedAt: state.now)
      }
      town.kill(polecat)
      await supervisor.beat()
      await live(.seconds(300), times: 20, supervisor)
      #expect(!town.isAlive(polecat) && town.processes(of: polecat) == 1)
    }
  }

  /// gt#2086, gt#649: the guard against crash loops held restarts back while another check went on killing
  /// and starting.
  @Test func `a crash loop does not go on by another door`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      // Every life is over within a minute, for four hours.
      for _ in 0..<240 {
        town.kill(polecat)
        await supervisor.beat()
        await live(.seconds(60), times: 1, supervisor)
      }
      // Five, then one for each ten minutes.
      #expect(town.processes(of: polecat) <= 5 + 24, "\(town.processes(of: polecat))")
      #expect(town.count(.event(.agentParked, polecat.session)) == 1)
      #expect(town.with { $0.notices.count { $0.agent == polecat && $0.key == "parked" } } == 1)
    }
  }

  /// gt#4813 (frozen for three days, while the guard said "already running" 1,887 times): a session that is there
  /// was taken for an agent that lives, whoever had a pane in it.
  @Test(arguments: [true, false])
  func `a session that is left is not an agent that lives, and one that is made anew is`(isLeft: Bool) async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.jump(by: .seconds(3_600))
      town.with { state in
        // A person's editor beside it, or another tool's agent in another session.
        var place = ModelTown.place
        place.isMarked = false
        place.sessionCreated = state.now + .seconds(isLeft ? -4_000 : -10)
        let other = ProcessLife(
          boot: ModelTown.boot, server: ModelTown.server, pane: "%70", pid: 7_070, startTime: 70)
        state.sessions[polecat.session] = .alive(other, place: place)
      }
      await supervisor.beat()
      guard isLeft else {
        await town.wait(for: .event(.agentAdopted, polecat.session))
        #expect(town.events(of: polecat) == [.agentReplaced, .agentAdopted])
        return
      }
      await live(.seconds(300), times: 20, supervisor)
      #expect(
        town.events(of: polecat) == [.crashDetected, .restartFailed] && !town.log.contains(.adopt(polecat.session)))
      #expect(town.with { $0.notices.map(\.key) } == ["cannot-start"])
      #expect(!town.log.contains(.end(polecat.session)) && town.processes(of: polecat) == 1)
      // When that has gone too, it is back.
      town.with { $0.sessions[polecat.session] = nil }
      await supervisor.beat()
      #expect(town.events(of: polecat).last == .agentRestarted && town.processes(of: polecat) == 2)
    }
  }
}
