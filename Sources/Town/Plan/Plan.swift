// SPDX-License-Identifier: Apache-2.0

/// What one turn decided: what it found about each agent and why, what is to be done, what is to be
/// recorded, and when to look again.
package struct Plan: Sendable {
  package var findings: [Finding] = []
  package var events: [TownEvent] = []
  package var launches: [LaunchOrder] = []
  package var notices: [Notice] = []
  /// Agents whose beads are to say that they are dead.
  package var marks: [MarkOrder] = []
  /// Agents of others that are to be adopted.
  package var adoptions: [AdoptionRule.Order] = []
  package var remarks: [Remark] = []
  /// Beads on hooks that have to be read before anything is reported about them.
  package var hooksInDoubt: Set<String> = []
  /// Agents found to be up after a launch of ours whose end was not recorded: they still have to be told to begin.
  package var unannounced: [PendingSpawn] = []
  /// Deaths that were seen in this turn, and whose evidence has to be gathered.
  package var deaths: [DeathReport] = []
  package var ledger: Ledger
  /// Whether an agent died that had no work by the beads of an earlier heartbeat: there may be work by now.
  package var wantsBeads = false
  /// How many were not started because the host has no room for them.
  package var heldBack = 0
  /// The earliest time at which some decision wants another look.
  package var nextLook: Timestamp?

  package init(ledger: Ledger) { self.ledger = ledger }

  /// Takes in what the rules decided on top of this plan's ledger. Their launches are the caller's to
  /// sort.
  package mutating func absorb(_ decided: Plan) {
    findings += decided.findings
    events += decided.events
    notices += decided.notices
    marks += decided.marks
    adoptions += decided.adoptions
    remarks += decided.remarks
    hooksInDoubt.formUnion(decided.hooksInDoubt)
    unannounced += decided.unannounced
    deaths += decided.deaths
    ledger = decided.ledger
    wantsBeads = wantsBeads || decided.wantsBeads
    if let time = decided.nextLook { look(at: time) }
  }

  /// Takes in what the rules found, and of the deaths that they recorded those of the agents that a person's command
  /// concerns: no other agent is a command's to record. What the rules would do is left out.
  package mutating func absorb(_ decided: Plan, about sessions: Set<String>) {
    findings += decided.findings
    deaths += decided.deaths.filter { sessions.contains($0.agent.session) }
    for report in deaths {
      let session = report.agent.session
      ledger.agents[session] = decided.ledger.agents[session]
      events += decided.events.filter { $0.agent == report.agent && $0.capsule == report.id }
    }
  }

  /// Corrects what was found about one agent.
  package mutating func replaceFinding(
    of session: String, by decision: Finding.Decision, reason: String, until: Timestamp? = nil
  ) {
    for index in findings.indices where findings[index].session == session {
      findings[index].decision = decision
      findings[index].reason = reason
      findings[index].until = until
    }
  }

  /// Asks for another turn at `time`, or earlier.
  package mutating func look(at time: Timestamp) {
    nextLook = nextLook.map { min($0, time) } ?? time
  }
}

/// What was decided about one agent, and why.
package struct Finding: Sendable, Hashable {
  package enum Decision: String, Sendable, Hashable, Codable {
    /// It lives.
    case alive
    /// It is to be started: it has not lived since boot.
    case start
    /// It died with work to do and is to be started again.
    case restart
    /// It is not running, and rightly so.
    case leave
    /// It is to be looked at again at `until`.
    case wait
    /// It has died too often, or cannot run, and is only tried now and then.
    case parked
    /// A start is under way.
    case underway
    /// It ought to run and cannot be started.
    case stuck
    /// Something could not be read, so nothing is done.
    case unknown
    /// Its bead is to say that it is dead.
    case mark
    /// The work on its hook is to be reported.
    case tell
  }

  /// The agent as a person calls it.
  package var subject: String
  package var session: String
  package var rule: WorkRule.Rule
  package var decision: Decision
  package var reason: String
  package var until: Timestamp?

  package init(
    subject: String, session: String, rule: WorkRule.Rule, decision: Decision, reason: String, until: Timestamp? = nil
  ) {
    self.subject = subject
    self.session = session
    self.rule = rule
    self.decision = decision
    self.reason = reason
    self.until = until
  }
}

/// An agent that is to be started, and what stands in its place now.
package struct LaunchOrder: Sendable, Hashable {
  /// What the new process takes the place of.
  package enum Place: Sendable, Hashable {
    /// A new session.
    case newSession
    /// A dead pane, on whichever server; tmux itself refuses where the pane has come alive.
    case deadPane(server: ServerIdentity, pane: String)
    /// A bare shell that the agent left behind, on whichever server, which must be that very process still.
    case bareShell(ProcessLife)
  }

  package var agent: AgentIdentity
  package var rule: WorkRule.Rule
  package var isRestart: Bool
  package var hook: String?
  package var place: Place
  /// Why it is started, in words.
  package var reason: String
  /// How long to wait first, so that many do not start in one instant.
  package var delay: Duration
  /// Whether it is started with the arguments that take its conversation up again.
  package var resumes: Bool
  /// How long ago the look was begun on which this was decided, when it is carried out.
  package var lookAge: Duration = .zero
  /// The mark of the life that begins, once it is in the ledger.
  package var mark: String?
  /// The agent's corpses that the ledger has: beside them no life is looked for elsewhere.
  package var graves: Set<AgentRecord.Grave> = []

  package init(
    agent: AgentIdentity, rule: WorkRule.Rule, isRestart: Bool, hook: String?, place: Place, reason: String = "",
    delay: Duration = .zero, resumes: Bool = false
  ) {
    self.agent = agent
    self.rule = rule
    self.isRestart = isRestart
    self.hook = hook
    self.place = place
    self.reason = reason
    self.delay = delay
    self.resumes = resumes
  }
}

/// An agent's bead that is to say `dead`.
package struct MarkOrder: Sendable, Hashable {
  package var agent: AgentIdentity
  /// The bead's own id, as it was found.
  package var bead: String
  package var hook: String?
  /// When the bead was last changed.
  package var since: Timestamp

  package init(agent: AgentIdentity, bead: String, hook: String?, since: Timestamp) {
    self.agent = agent
    self.bead = bead
    self.hook = hook
    self.since = since
  }
}

/// A message to the agents in charge.
package struct Notice: Sendable, Hashable, Codable {
  /// What it is about; one notice goes out for one key of one death.
  package var key: String
  package var agent: AgentIdentity
  package var recipients: [String]
  /// The work that it is about, where it is to be sent again until it was.
  package var hook: String?
  package var subject: String
  package var body: String

  package init(key: String, agent: AgentIdentity, hook: String? = nil, subject: String, body: String) {
    self.key = key
    self.agent = agent
    recipients = agent.guardians
    self.hook = hook
    self.subject = subject
    self.body = body
  }
}
