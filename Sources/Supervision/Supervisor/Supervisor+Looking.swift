// SPDX-License-Identifier: Apache-2.0

internal import Town

/// What a turn knows of the town.
struct Sight: Sendable {
  var snapshot: TownSnapshot
  /// When it was begun on the clock that nobody sets.
  var began: Duration
  /// When those of whom it speaks were last looked at, whom it has not looked at again itself.
  var oldest: Duration
  /// Whom it has newly seen; `nil` is everybody. Of the others it says what the look before has said.
  var sessions: Set<String>?
  /// Whether it was looked at who stands still.
  var hasStanding: Bool { snapshot.agents.contains { $0.isFrozen != nil } }
  /// When the last look at everybody is to be followed by the next.
  var nextLook: Timestamp?

  /// How long a look does for an order that has waited for nothing but its beads.
  static let lasts = Duration.milliseconds(250)

  /// For how many agents a look of their own costs less than one at everybody.
  static let few = 8

  /// Whether something may be done to the agent because of what is seen here.
  func covers(_ agent: AgentIdentity) -> Bool { sessions?.contains(agent.session) ?? true }
}

/// A death, and all that follows from it, concerns one agent; of all others the last look still holds, since
/// their ends are events too. So a turn looks only at those who are spoken of, and acts on nobody else. What
/// it costs does not grow with the town, and hundreds of restarts that end one by one cost little more than one.
extension Supervisor {
  /// Looks at whom the events may have changed.
  func look(because events: [SupervisorEvent], ledger: Ledger) async -> Sight {
    let uptime = world.uptime()
    guard let lastLook, let sessions = concerned(by: events, since: lastLook, uptime: uptime, ledger: ledger) else {
      return Sight(snapshot: await world.look(beads: beads, lives: ledger.lives), began: uptime, oldest: uptime)
    }
    // What was seen just now and waited for its beads need not be seen again: what could be wrong with it could
    // also happen after another look, and every act has its own guard against that.
    let isFresh = uptime - lastLook.began <= Sight.lasts
    let confirmed = isFresh ? self.confirmed(in: events, seenIn: lastLook) : []
    let seen = await world.look(
      again: lastLook.snapshot, at: sessions.subtracting(confirmed), beads: beads, lives: ledger.lives)
    return Sight(
      snapshot: seen, began: uptime, oldest: confirmed.isEmpty ? uptime : lastLook.oldest, sessions: sessions,
      nextLook: lastLook.nextLook)
  }

  /// Whom the events speak of; `nil` where that may be anybody.
  private func concerned(
    by events: [SupervisorEvent], since lastLook: Sight, uptime: Duration, ledger: Ledger
  ) -> Set<String>? {
    let snapshot = lastLook.snapshot
    guard duty == .town, isReady, postponed.isEmpty, ledger.sessionsWithIntents.isEmpty,
      snapshot.tmuxIsComplete, snapshot.registryFailure == nil
    else { return nil }
    var sessions: Set<String> = []
    for event in events {
      switch event {
      case .died(let session): sessions.insert(session)
      case .launched(_, let order, _): sessions.insert(order.agent.session)
      case .begun(_, let beginning, _): sessions.insert(beginning.agent.session)
      case .confirmed(_, let orders, _): sessions.formUnion(orders.map(\.agent.session))
      case .told, .announced: break
      case .beat, .timer, .look, .serverDied, .watchdog, .command, .beadsRead, .marked, .adopted, .hooksRead, .ended,
        .requestClaimed, .requestEnded, .requestWithdrawn, .mailClosed, .gathered, .confined, .swept, .stop:
        return nil
      }
    }
    return sessions.count <= Sight.few ? sessions : nil
  }

  /// Whose beads have been read, and of whom nothing else is said.
  private func confirmed(in events: [SupervisorEvent], seenIn lastLook: Sight) -> Set<String> {
    var confirmed: Set<String> = []
    var others: Set<String> = []
    for event in events {
      switch event {
      case .confirmed(_, let orders, _):
        confirmed.formUnion(orders.map(\.agent).filter(lastLook.covers).map(\.session))
      case .died(let session): others.insert(session)
      case .launched(_, let order, _): others.insert(order.agent.session)
      case .begun(_, let beginning, _): others.insert(beginning.agent.session)
      default: break
      }
    }
    return confirmed.subtracting(others)
  }
}
