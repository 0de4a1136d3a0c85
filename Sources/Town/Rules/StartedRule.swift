// SPDX-License-Identifier: Apache-2.0

/// Rule 3's first half: mail that says who was started becomes an entry of the pending spawns.
package enum StartedRule {
  package struct Plan: Sendable {
    package var pending: [PendingSpawn]
    /// Messages that need not be looked at again.
    package var handled: [String] = []
    package var events: [TownEvent] = []
  }

  /// - Parameter messages: the unread ones to the Deacon that are not handled yet, oldest first.
  package static func decide(_ messages: [Message], pending: [PendingSpawn], snapshot: TownSnapshot) -> Plan {
    var plan = Plan(pending: pending)
    // Without the registry nobody can be told from a stranger.
    guard snapshot.registryFailure == nil else { return plan }
    let roster = Roster(rigs: snapshot.rigs.map(\.name))
    for message in messages where StartedMail.isStarted(message) {
      plan.handled.append(message.id)
      guard let agent = polecat(in: message, roster: roster) else {
        plan.events.append(refusal(of: message, because: "its subject names no polecat of a registered rig"))
        continue
      }
      if let session = StartedMail.value("Session", in: message), session != agent.session {
        plan.events.append(
          refusal(of: message, because: "\(displayable(session)) is not the session of \(agent.address)"))
        continue
      }
      enter(message, agent: agent, into: &plan.pending)
    }
    return plan
  }

  /// One session has one entry, however often and by whomever it was announced.
  private static func enter(_ message: Message, agent: AgentIdentity, into pending: inout [PendingSpawn]) {
    let issue = StartedMail.value("Issue", in: message)
    if let index = pending.firstIndex(where: { $0.session == agent.session }) {
      pending[index].issue = pending[index].issue ?? issue
      pending[index].mailID = pending[index].mailID ?? message.id
      return
    }
    var spawn = PendingSpawn.of(agent, hook: issue, at: message.sentAt)
    spawn.mailID = message.id
    pending.append(spawn)
  }

  private static func polecat(in message: Message, roster: Roster) -> AgentIdentity? {
    guard let address = StartedMail.address(in: message) else { return nil }
    return roster.candidates(address: address).first { $0.role == .polecat }
  }

  private static func refusal(of message: Message, because reason: String) -> TownEvent {
    TownEvent(
      .spawnDropped,
      message: "\(quotedForDisplay(message.subject)) from \(displayable(message.sender)) is not waited for: \(reason)",
      reason: reason)
  }
}
