// SPDX-License-Identifier: Apache-2.0

import Supervision
import Testing
@testable import Town

/// Deaths and what the real supervisor makes of them.
@Suite(.timeLimit(.minutes(1))) struct CrashTests {
  private let town = ModelTown()

  private func readsAfresh() -> [[String]] {
    town.log.compactMap { if case .readAfresh(let ids) = $0 { ids } else { nil } }
  }

  @Test func `all polecats that died since the last turn are restarted after one fresh read`() async throws {
    let polecats = ["a", "b", "c"].map { town.addPolecat($0) }
    town.raise(.deacon, polecats[0], polecats[1], polecats[2])
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      #expect(readsAfresh().isEmpty)
      town.kill(polecats[0], polecats[1])
      await supervisor.beat()
      #expect(readsAfresh().count == 1)
      #expect(Set(readsAfresh().first ?? []) == Set(polecats[0].beads + polecats[1].beads + ["gt-work"]))
      for polecat in polecats.prefix(2) {
        #expect(town.isAlive(polecat) && town.processes(of: polecat) == 2)
        #expect(town.events(of: polecat) == [.crashDetected, .agentRestarted])
      }
      #expect(town.events(of: polecats[2]).isEmpty && town.processes(of: polecats[2]) == 1)
    }
  }

  @Test func `a beat over healthy agents starts, tells and saves nothing more`() async throws {
    town.raise(.deacon, town.addPolecat("a"))
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      let saves = town.count(.saveLedger)
      await supervisor.beat()
      #expect(town.count(.saveLedger) == saves)
      #expect(readsAfresh().isEmpty && town.events(of: .deacon).isEmpty && town.errors.isEmpty)
      #expect(town.with { $0.heartbeats } >= 2)
    }
  }

  @Test func `a store that hangs neither keeps the Deacon down nor the watchdog hungry`() async throws {
    town.close(.readBeads)
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .readBeads)
      town.kill(.deacon, polecat)
      await supervisor.askBeat()
      await town.wait(for: .event(.agentRestarted, "gt-deacon"))
      #expect(town.isAlive(.deacon))
      await supervisor.askWatchdog()
      await town.wait(for: .watchdog)
      #expect(town.events(of: polecat) == [.crashDetected] && !town.isAlive(polecat))
      town.open(.readBeads)
      await town.wait(for: .event(.agentRestarted, polecat.session))
      #expect(town.processes(of: polecat) == 2)
    }
  }

  @Test func `a job that is overdue stops the watchdog's answer until it has ended`() async throws {
    town.close(.readBeads)
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await town.wait(for: .readBeads)
      town.jump(by: Policy().jobLimit + .seconds(1))
      await supervisor.askWatchdog()
      await supervisor.askBeat()
      let looks = town.count(.look)
      await town.wait { $0.log.count { $0 == .look } > looks - 1 }
      #expect(await supervisor.health().overdueJobs == ["reading the beads"])
      #expect(town.count(.watchdog) == 0)
      town.open(.readBeads)
      await supervisor.beat()
      await supervisor.askWatchdog()
      await town.wait(for: .watchdog)
    }
  }

  @Test(.timeLimit(.minutes(1))) func `a heartbeat that is due while the beads are read waits for them`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.close(.readBeads)
      let readings = town.count(.readBeads)
      await town.advance(by: Policy().heartbeat.active)
      await town.wait(for: .readBeads, count: readings + 1)
      let looks = town.count(.look)
      await town.wait { $0.log.contains(.sleep(Policy().heartbeat.dormant)) }
      #expect(town.count(.look) <= looks + 1 && town.count(.readBeads) == readings + 1)
      town.open(.readBeads)
      await supervisor.beat()
    }
  }

  @Test func `a beat returns only after the launch is recorded`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(polecat)
      town.close(.launch)
      let ended = Task {
        await supervisor.beat()
        return town.with { $0.ledger[polecat] }
      }
      await town.wait(for: .launch(polecat.session))
      // A turn that has nothing to do with it must not answer the beat.
      await supervisor.askBeat()
      await town.wait(for: .readBeads, count: 3)
      #expect(!town.log.contains(.event(.agentRestarted, polecat.session)))
      town.open(.launch)
      let record = await ended.value
      #expect(record.restarts == 1 && record.life != nil && record.death == nil && record.launch == nil)
    }
  }

  @Test func `the intent is saved before the launch is called`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(polecat)
      town.close(.launch)
      await supervisor.askBeat()
      await town.wait(for: .launch(polecat.session))
      let record = town.with { $0.ledger[polecat] }
      #expect(record.launch?.isRestart == true && record.launch?.hook == "gt-work")
      #expect(record.death?.cause == .signalled(9) && record.restartPolicy.attempts == 1)
    }
  }

  @Test func `work that is gone in the fresh read is not restarted`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(polecat)
      town.with { state in
        state.beads["gt-work"] = Bead(
          id: "gt-work", title: "", status: .closed, type: "task", createdAt: state.now, updatedAt: state.now)
      }
      await supervisor.beat()
      #expect(town.events(of: polecat) == [.crashDetected, .agentStopped])
      #expect(!town.log.contains(.launch(polecat.session)))
    }
  }

  @Test func `a fresh read that fails leaves the death open, and it is answered half a minute later`() async throws {
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.kill(polecat)
      town.close(.readAfresh)
      await supervisor.askBeat()
      await town.wait { $0.log.contains { if case .readAfresh = $0 { true } else { false } } }
      town.with { $0.beadFailure = "bd timed out" }
      town.open(.readAfresh)
      await town.wait(for: .sleep(.seconds(30)))
      #expect(!town.log.contains(.launch(polecat.session)))
      #expect(await supervisor.lastFindings().first { $0.session == polecat.session }?.decision == .unknown)
      town.with { $0.beadFailure = nil }
      await town.advance(by: .seconds(30))
      await town.wait(for: .event(.agentRestarted, polecat.session))
      #expect(town.events(of: polecat) == [.crashDetected, .agentRestarted])
    }
  }

  @Test func `one that keeps dying is restarted at once, then after 1, 2 and 4 seconds`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      for (round, wait) in ([0, 1, 2, 4] as [Int64]).enumerated() {
        town.kill(.deacon)
        await supervisor.askBeat()
        if wait > 0 {
          await town.wait(forSleep: .seconds(wait), after: .event(.crashDetected, "gt-deacon"), count: round + 1)
          #expect(town.count(.launch("gt-deacon")) == round)
          await town.pass(.seconds(wait), until: .event(.agentRestarted, "gt-deacon"), count: round + 1)
        }
        await town.wait(for: .event(.agentRestarted, "gt-deacon"), count: round + 1)
      }
      #expect(town.processes(of: .deacon) == 5)
      #expect(town.count(.event(.crashDetected, "gt-deacon")) == 4)
    }
  }

  @Test func `two hundred who die together cost one look, or one more`() async throws {
    let polecats = (1...200).map { town.addPolecat("p\($0)") }
    town.raise(.deacon)
    for polecat in polecats { town.raise(polecat) }
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { $0.noticesEnds = true }
      town.close(.readAfresh)
      let before = town.count(.look)
      town.with { state in
        for polecat in polecats { state.sessions[polecat.session] = nil }
      }
      await town.wait { state in
        state.log.count { if case .event(.crashDetected, _) = $0 { true } else { false } } == 200
      }
      #expect(town.count(.look) - before <= 2)
    }
  }

  @Test func `the end of a tmux server is seen when it happens`() async throws {
    town.raise(.deacon)
    try await withSupervisor(of: town) { supervisor in
      await supervisor.beat()
      town.with { state in
        state.sessions = [:]
        state.endedServers = [ModelTown.server]
      }
      await town.wait(for: .event(.crashDetected, "gt-deacon"))
    }
  }
}
