// SPDX-License-Identifier: Apache-2.0

/// All that is remembered between turns, by session. Written by the supervisor alone.
package struct Ledger: Sendable, Hashable, Codable {
  /// The layout of the file; a newer one is refused rather than misread.
  package static let currentVersion = 1

  package var version = Ledger.currentVersion
  package var agents: [String: AgentRecord] = [:]
  /// Messages that were decided upon and are not known to have been sent, the oldest first. One that
  /// went out just before the daemon ended goes out twice; none is lost.
  package var outbox: [Notice] = []
  /// The Deacon's messages that have been dealt with, until they are seen to be gone from its inbox.
  package var handledMail: Set<String> = []
  /// How many messages wait at most: a store that takes none for long must not fill the disk.
  package static let outboxLimit = 500
  /// Events that the journal is not known to have, the oldest first.
  package var untold: [TownEvent] = []
  /// How many events there have been.
  package var eventCount = 0

  /// The starts of the last minute, of all agents.
  package var starts = SlidingWindow()
  /// Who died in the last moments, and when.
  package var deaths: [String: Timestamp] = [:]
  package var massDeath: MassDeath?
  /// Why restarts are held back, as it was said.
  package var heldBack: String?
  /// What a person's own command has still to be told.
  package var announcements: [Announcement] = []
  package var clock: ClockAnchor?
  package var clockSteps = ClockSteps()

  package init() {}

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(Int.self, forKey: .version)
    agents = try container.decode([String: AgentRecord].self, forKey: .agents)
    outbox = try container.decodeIfPresent([Notice].self, forKey: .outbox) ?? []
    untold = try container.decodeIfPresent([Readable].self, forKey: .untold)?.compactMap(\.event) ?? []
    eventCount = Ledger.bounded(try container.decodeIfPresent(Int.self, forKey: .eventCount) ?? 0)
    handledMail = try container.decodeIfPresent(Set<String>.self, forKey: .handledMail) ?? []
    starts = try container.decodeIfPresent(SlidingWindow.self, forKey: .starts) ?? SlidingWindow()
    deaths = try container.decodeIfPresent([String: Timestamp].self, forKey: .deaths) ?? [:]
    massDeath = try container.decodeIfPresent(MassDeath.self, forKey: .massDeath)
    heldBack = try container.decodeIfPresent(String.self, forKey: .heldBack)
    announcements = try container.decodeIfPresent([Announcement].self, forKey: .announcements) ?? []
    clock = try container.decodeIfPresent(ClockAnchor.self, forKey: .clock)
    clockSteps = try container.decodeIfPresent(ClockSteps.self, forKey: .clockSteps) ?? ClockSteps()
    for session in agents.keys { agents[session]?.boundCounts() }
    if let count = massDeath?.count { massDeath?.count = Ledger.bounded(count) }
  }

  /// A count as a file has it, brought to where it can be counted on: no number in a ledger may end the daemon.
  static func bounded(_ count: Int) -> Int { min(max(count, 0), 1_000_000_000) }

  private enum CodingKeys: String, CodingKey {
    case version, agents, outbox, untold, starts, deaths, announcements, clock
    case eventCount = "event_count"
    case handledMail = "handled_mail"
    case massDeath = "mass_death"
    case heldBack = "held_back"
    case clockSteps = "clock_steps"
  }

  /// The agents that lived when they were last looked at, or whose death is still open, by session.
  package var lives: [String: ProcessLife] { agents.compactMapValues { $0.life ?? $0.death?.life } }

  /// Agents whose end has been decided and not been carried out to its end.
  package var sessionsWithIntents: Set<String> { Set(agents.filter { $0.value.lifecycle != nil }.keys) }

  /// The record of an agent; an empty one where nothing is known.
  package subscript(agent: AgentIdentity) -> AgentRecord {
    get { agents[agent.session] ?? AgentRecord() }
    set { agents[agent.session] = newValue.isEmpty ? nil : newValue }
  }
}

extension Ledger {
  /// The agents that are parked, by session.
  package func parked(_ roster: Roster) -> [(agent: AgentIdentity, parking: Parking)] {
    agents.sorted { $0.key < $1.key }.compactMap { session, record in
      guard let parking = record.restartPolicy.parking, let agent = roster.candidates(session: session).first else {
        return nil
      }
      return (agent, parking)
    }
  }
}
