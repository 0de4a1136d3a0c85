// SPDX-License-Identifier: Apache-2.0

import CommandSupport
package import Control
import Glibc
import Synchronization
import Supervision
import Systemd
import Town
import TownFiles

/// Answers the control socket's requests with the supervisor's help.
package final class DaemonHandler: ControlHandler {
  private let town: OpenTown
  private let supervisor: Supervisor
  private let manager: ServiceManager
  private let journal: EventJournal
  private let feed: EventFeed
  /// Of the settings that are in force.
  private let settingsStamp: Mutex<SettingsStamp>

  init(
    town: OpenTown, supervisor: Supervisor, manager: ServiceManager, journal: EventJournal, feed: EventFeed
  ) {
    self.town = town
    self.supervisor = supervisor
    self.manager = manager
    self.journal = journal
    self.feed = feed
    settingsStamp = Mutex(town.settingsStamp)
  }

  package func handle(_ request: Beat) async throws -> Beat.Reply {
    await supervisor.beat()
    let status = await supervisor.status()
    return Beat.Reply(heartbeatCount: status.heartbeatCount, summary: status.line)
  }

  package func handle(_ request: Explain) async throws -> Explain.Reply {
    // The settings may have been read again since this was made.
    let present = await supervisor.present()
    let explained = await Explanation.make(world: present.world, policy: present.policy)
    let entries = explained.findings.filter { request.agent == nil || $0.subject == request.agent }.map {
      Explain.Entry(
        agent: $0.subject, rule: $0.rule.rawValue, decision: $0.decision.rawValue, reason: $0.reason,
        until: $0.until?.description)
    }
    return Explain.Reply(entries: entries)
  }

  package func handle(_ request: Health) async throws -> Health.Reply {
    let health = await supervisor.health()
    let reason: String? =
      if health.isWell { nil } else if health.overdueJobs.isEmpty { "a turn takes too long" } else {
        "overdue: \(health.overdueJobs.joined(separator: ", "))"
      }
    return Health.Reply(
      healthy: health.isWell, turnAgeMilliseconds: health.turnAge.map { Int($0.wholeMilliseconds) },
      overdueJobs: health.overdueJobs, reason: reason)
  }

  package func handle(_ request: Lifecycle) async throws -> Lifecycle.Reply {
    let before = await supervisor.requests()
    await supervisor.beat()
    if let failure = await supervisor.mailFailure() {
      throw ControlFailure.failed(
        message: "the Deacon's mail cannot be read, so it is unknown whether there are requests: \(failure)")
    }
    let (after, status) = await (supervisor.requests(), supervisor.status())
    return Lifecycle.Reply(
      executed: after.executed - before.executed, refused: after.refused - before.refused, summary: status.line)
  }

  package func handle(_ request: Refresh) async throws -> Refresh.Reply {
    await supervisor.askBeat()
    return Refresh.Reply()
  }

  package func handle(_ request: NoteHold) async throws -> NoteHold.Reply {
    do {
      try PersonCommand.check(who: request.who, why: request.why)
    } catch {
      throw ControlFailure.refused(message: "\(error)")
    }
    let agent = try? AddressBook(layout: town.layout).agent(request.place)
    let place = request.place == "all" ? "the whole town" : displayable(request.place)
    let reason =
      "\(request.held ? "held" : "released") by \(displayable(request.who))"
      + (request.why.isEmpty ? "" : ": \(displayable(request.why))")
    journal.record(
      TownEvent(
        request.held ? .holdSet : .holdReleased, agent: agent, message: "\(place) is \(reason)", reason: reason))
    await supervisor.askBeat()
    return NoteHold.Reply()
  }

  package func handle(_ request: Reload) async throws -> Reload.Reply {
    let fresh: OpenTown
    do {
      fresh = try OpenTown(
        layout: town.layout, environment: town.environment, awaitingBd: true, units: town.units)
    } catch {
      journal.error("the settings are unchanged, because the new ones cannot be used: \(error)")
      throw ControlFailure.refused(message: "\(error); the settings are unchanged")
    }
    settingsStamp.withLock { $0 = fresh.settingsStamp }
    manager.post(.reloadingNow)
    await supervisor.adopt(world: fresh.door, policy: fresh.settings.policy)
    manager.post(.ready)
    journal.record(
      TownEvent(.settingsReloaded, message: "the settings were read again; they take effect at the next turn"))
    return Reload.Reply()
  }

  package func handle(_ request: StartSession) async throws -> StartSession.Reply {
    try await carryOut(.start, session: request.session, who: request.who, why: request.why)
  }

  package func handle(_ request: StopSession) async throws -> StopSession.Reply {
    try await carryOut(.stop, session: request.session, who: request.who, why: request.why)
  }

  package func handle(_ request: RestartSession) async throws -> RestartSession.Reply {
    try await carryOut(.restart, session: request.session, who: request.who, why: request.why)
  }

  package func handle(_ request: Status) async throws -> Status.Reply {
    let status = await supervisor.status()
    let counts = status.counts
    let agents = [
      "alive": counts.alive, "backing_off": counts.backingOff, "parked": counts.parked, "starting": counts.starting,
      "stuck": counts.stuck,
      "unknown": counts.unknown,
    ]
    return Status.Reply(
      running: true, pid: getpid(), town: town.layout.root, startedAt: status.startedAt.description,
      lastHeartbeat: status.lastHeartbeat?.description, heartbeatCount: status.heartbeatCount,
      nextHeartbeat: status.nextHeartbeat?.description, agents: agents.filter { $0.value > 0 || $0.key == "alive" },
      troubles: status.troubles + (settingsAreOld ? [SettingsStamp.remark(town.layout)] : []))
  }

  private var settingsAreOld: Bool { settingsStamp.withLock { $0 } != SettingsStamp(town.layout) }

  package func handle(_ request: ResetSession) async throws -> ResetSession.Reply {
    try await carryOut(.reset, session: request.session, who: request.who, why: request.why)
  }

  package func handle(_ request: Watch) async throws -> ControlStream<Watch.Reply> {
    try WatchedEvents.stream(request, feed: feed, town: town.layout.root)
  }

  private func carryOut(
    _ verb: PersonCommand.Verb, session: String, who: String, why: String
  ) async throws -> SessionOutcome {
    do {
      let agent = try AddressBook(layout: town.layout).agent(session)
      let client = ClientPresence.current
      let outcome = try await supervisor.carryOut(
        PersonCommand(verb, agent: agent, who: who, why: why.isEmpty ? nil : why),
        isAwaited: { client?.isGone != true })
      return SessionOutcome(outcome: outcome.text, changed: outcome.changed, pid: outcome.pid)
    } catch let error as CommandRefusal {
      throw ControlFailure.refused(message: error.description)
    } catch let error as AddressError {
      throw ControlFailure.refused(message: error.description)
    }
  }
}
