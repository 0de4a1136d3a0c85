// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

// What is owed and must be paid within a bound, as long as nothing is in the way.
extension SimulatedWorld {
  /// Looks at everybody. Called at every tick, and at the end.
  mutating func inspectBounds() {
    for number in agents.indices { noteState(of: number) }
    inspectDaemon()
    guard let calmSince else { return }
    for number in agents.indices { inspectAgent(number, calmSince: calmSince) }
    for (session, since) in inspector.intents.sorted(by: { $0.key < $1.key }) {
      // Nothing is done to a shell that a person looks at, nor beside a person's pane.
      let watched = index[session].map { max(agents[$0].watchedUntil, agents[$0].obstructedUntil) } ?? 0
      guard clock - max(since, calmSince, watched) > bound else { continue }
      // A process that is not the daemon's to end is waited for.
      let intent = ledger.agents[session]?.lifecycle
      violate(.requestRunsOnce, "what was begun for \(session) is not finished: \(intent.map { "\($0)" } ?? "")")
    }
  }

  private mutating func noteState(of number: Int) {
    let isObstructed = isInTheWay(of: number)
    if isObstructed { agents[number].obstructedUntil = clock }
    let agent = agents[number]
    if let pid = agent.process, let process = processes[pid] {
      agents[number].downSince = nil
      // Of whom a person has started meanwhile the daemon knows when it has looked.
      if ledger.agents[agent.session]?.life != nil { agents[number].needsBeat = false }
      // Who was told that it is parked knows until it is not.
      if clock - process.bornAt >= 600_000, ledger.agents[agent.session]?.restartPolicy.parking == nil {
        agents[number].isKnownDown = false
      }
    } else if !oughtToLive(number) || isObstructed {
      agents[number].downSince = nil
    } else if agent.downSince == nil {
      agents[number].downSince = clock
    }
  }

  private mutating func inspectAgent(_ number: Int, calmSince: Int64) {
    let agent = agents[number]
    if let since = agent.downSince, !agent.isKnownDown {
      // A message that could not be sent is sent again with the next heartbeat.
      // One whose bead says that it is being started is left alone for five minutes, by a clock that may be another's.
      let isSpawning = beads[agent.bead]?.agentState == .spawning
      let span = bound + (agent.needsBeat || !ledger.outbox.isEmpty ? 61 * 60_000 : 0) + (isSpawning ? 5 * 60_000 : 0)
      if clock - max(since, calmSince) > span {
        let hook = beads[agent.bead]?.hookBead ?? "no hook"
        violate(
          .noDeathIsSilent,
          "\(agent.session) has been down since \(virtualTime(since)) with \(hook.debugDescription), and nobody knows")
      }
    }
    if let since = agent.owedWordSince, ledger.outbox.isEmpty, clock - max(since, calmSince) > bound {
      violate(.noDeathIsSilent, "\(agent.session) has died at \(virtualTime(since)), and nobody was told")
    }
    if let since = agent.owedStartSince,
      clock - max(since, calmSince, agent.watchedUntil, agent.obstructedUntil) > bound
    {
      violate(
        .requestRunsOnce, "\(agent.session) was ended at \(virtualTime(since)) to be started again, and is not")
    }
    guard let pid = agent.process, let process = processes[pid], process.isAwaited, process.toldAt == nil else {
      return
    }
    let due = max(process.promptAt, calmSince)
    if process.promptAt - process.bornAt < 100_000, clock - due > 180_000,
      inspector.lastLostWrite < process.bornAt - 60_000, inspector.dropped[agent.session] ?? 0 < process.bornAt
    {
      violate(.daemonIsDisposable, "\(agent.session) has sat at its prompt since \(virtualTime(process.promptAt))")
    }
  }

  private mutating func inspectDaemon() {
    guard let daemon, !daemon.isDead, daemon.mode == .town else { return }
    if !daemon.isReady, clock - daemon.startedAt > 60_000 {
      violate(.nothingHangs, "daemon \(daemon.number) is not ready after a minute")
    }
    if let askedAt = daemon.askedAt, clock - askedAt >= SimulatedWorld.tick {
      violate(.nothingHangs, "the watchdog has waited since \(virtualTime(askedAt))")
    }
  }
}
