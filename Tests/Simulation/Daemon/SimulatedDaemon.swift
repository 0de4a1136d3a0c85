// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

/// One process of the daemon: its supervisor's only door to the world. Each effect takes its time, may fail,
/// and may be the last one.
struct SimulatedDaemon: TownWorld {
  let town: SimulatedTown
  let number: Int

  /// Comes to an effect, and waits for as long as it takes.
  func call(
    _ effect: Effect, _ subject: @autoclosure () -> String = "", takes time: ClosedRange<Int64> = 0...0,
    slow: Outage? = nil, for slowTime: ClosedRange<Int64> = 0...0
  ) async throws(DaemonDeath) {
    let span = town.with { world -> Int64? in
      guard world.reaches(number, effect, subject()) else { return nil }
      let range = slow.map { world.has($0) } == true ? slowTime : time
      return range.upperBound == 0 ? 0 : world.dice.roll(range)
    }
    guard let span else { throw DaemonDeath() }
    if span > 0 { try await town.pause(span, of: number) }
  }

  func reach(_ effect: Effect, _ subject: @autoclosure () -> String = "") -> Bool {
    town.with { $0.reaches(number, effect, subject()) }
  }

  func now() -> Timestamp { town.with { $0.wall } }
  func uptime() -> Duration { town.with { .milliseconds($0.clock - $0.bootedAt) } }

  @concurrent func sleep(until due: Duration) async throws {
    try await town.wait(of: number, isSleep: true) { world, id in
      world.agenda.enter(.wake(id), at: max(world.clock, world.bootedAt + due.wholeMilliseconds))
      return true
    }
  }

  @concurrent func waitForClockStep() async throws {
    try await town.wait(of: number, isSleep: false) { world, id in
      world.clockWatchers.append(id)
      return true
    }
  }

  @concurrent func waitForEnd(of life: ProcessLife) async throws {
    try await town.wait(of: number, isSleep: false) { world, id in
      guard world.runs(life.pid, life.startTime) else { return false }
      world.watchers[life.pid, default: []].append(id)
      return true
    }
  }

  @concurrent func waitForEnd(of server: ServerIdentity) async throws {
    try await town.wait(of: number, isSleep: false) { world, id in
      guard world.server(server) != nil else { return false }
      world.watchers[server.pid, default: []].append(id)
      return true
    }
  }

  @concurrent func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
    let time = now()
    do {
      let isSilent = town.with {
        $0.has(.tmuxIsSilent) || $0.has(.otherTmuxIsSilent) || $0.has(.strangerIsWedged)
      }
      if isSilent {
        try await call(.look, takes: 5_000...5_000)
      } else {
        let slow = town.with { $0.has(.otherTmuxIsSlow) } ? Outage.otherTmuxIsSlow : .tmuxIsSlow
        try await call(.look, takes: 1...6, slow: slow, for: 200...4_500)
      }
      return town.with { $0.look(beads: beads, lives: lives, at: time) }
    } catch {
      return TownSnapshot(time: time, boot: "", registryFailure: "the daemon is dead", failures: beads.failures)
    }
  }

  @concurrent func readBeads(hooks: [String]) async -> BeadReadings {
    do {
      try await call(.readBeads, takes: 3...120, slow: .storeHangs, for: 20_000...20_000)
      if town.with({ $0.has(.storeIsSlow) }) { try await call(.readBeads, takes: 2_000...15_000) }
      return town.with { $0.readBeads(hooks: hooks) }
    } catch {
      return .blind("the daemon is dead")
    }
  }

  @concurrent func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>] {
    do {
      try await call(.readAfresh, ids.joined(separator: " "), takes: 2...60, slow: .storeHangs, for: 20_000...20_000)
      if town.with({ $0.has(.storeIsSlow) }) { try await call(.readAfresh, takes: 1_000...8_000) }
      return town.with { world in
        let readings = world.readAfresh(ids)
        world.daemon?.fresh.merge(readings) { $1 }
        return readings
      }
    } catch {
      return [:]
    }
  }

  @concurrent func screens(of lives: [String: ProcessLife]) async -> [String: PaneScreen] {
    do {
      try await call(.screens, takes: 1...8, slow: .tmuxIsSlow, for: 200...4_500)
    } catch {
      return [:]
    }
    return town.with { world in
      if world.has(.tmuxIsSilent) { return [:] }
      return lives.compactMapValues { world.screen(of: $0).map { PaneScreen(printed: $0) } }
    }
  }

  var announces: Bool { true }
}

extension SimulatedWorld {
  /// What a pane shows; `nil` where it is not there.
  fileprivate func screen(of life: ProcessLife) -> [String]? {
    guard let server = server(life.server), isReachable(server),
      let pane = servers[server].panes.first(where: { $0.id == life.pane }),
      let process = processes[pane.worker?.pid ?? pane.pid]
    else { return nil }
    if let told = process.toldAt, told > process.bornAt { return ["working (esc to interrupt)"] }
    return process.promptAt <= clock ? ["Welcome", "> "] : ["starting \(SimulatedWorld.evilText)"]
  }
}

extension Duration {
  /// Rounded up, as no timer goes off early.
  var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return seconds * 1_000 + (attoseconds + 999_999_999_999_999) / 1_000_000_000_000_000
  }
}
