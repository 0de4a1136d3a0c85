// SPDX-License-Identifier: Apache-2.0

extension Notice {
  package static let guppKey = "gupp"
  package static let orphanKey = "orphan"
  package static let diedKey = "died"
  static let removedKey = "removed"
  package static let massDeathKey = "mass-death"

  /// `CRASHED_POLECAT`: an agent with work to do is down, and the daemon cannot bring it back.
  ///
  /// - Parameter needsPerson: whether only a person can change that.
  package static func cannotStart(
    _ agent: AgentIdentity, hook: String?, reason: String, needsPerson: Bool = false
  ) -> Notice {
    var notice = Notice(
      key: "cannot-start", agent: agent,
      subject: "\(agent.crashWord): \(agent.address) cannot be restarted",
      body: """
        \(agent.address) is down and could not be started.

        session: \(agent.session)
        hook_bead: \(displayable(hook ?? "none"))
        reason: \(displayable(reason))

        It is tried again with growing pauses. To try now: gt session start \(agent.address)
        """)
    if needsPerson, !notice.recipients.contains(AgentIdentity.overseer) {
      notice.recipients.append(AgentIdentity.overseer)
    }
    return notice
  }

  /// An agent that the daemon does not restart has died.
  package static func died(_ agent: AgentIdentity, hook: String?, cause: ExitCause?) -> Notice {
    let how = cause.predicate
    return Notice(
      key: diedKey, agent: agent,
      subject: "\(agent.crashWord): \(agent.address) \(how)",
      body: """
        \(agent.address) \(how).

        session: \(agent.session)
        hook_bead: \(displayable(hook ?? "none"))

        The daemon does not restart a \(agent.role.rawValue). To start it: gt session start \(agent.address)
        """)
  }

  /// Deaths that came one after the other while many died: one message for those who look after them.
  static func late(_ notices: [Notice]) -> [Notice] {
    Dictionary(grouping: notices, by: \.recipients).sorted { $0.key.lexicographicallyPrecedes($1.key) }.compactMap {
      _, notices in
      guard var notice = notices.first, notices.count > 1 else { return notices.first }
      let more = notices.count > 50 ? "\nand \(notices.count - 50) more; see: gt session check" : ""
      notice.subject = "\(notice.subject), and \(notices.count - 1) more"
      notice.body =
        notices.prefix(50).map { "\($0.subject)\nsession: \($0.agent.session)\n" }.joined(separator: "\n") + more
      return notice
    }
  }

  /// `AGENT_PARKED`: an agent with work to do is only tried now and then.
  static func parked(
    _ agent: AgentIdentity, hook: String?, parking: Parking, cause: ExitCause?, outlook: String
  ) -> Notice {
    Notice(
      key: "parked", agent: agent,
      subject: "AGENT_PARKED: \(agent.address): \(displayable(parking.words))",
      body: """
        \(agent.address) is parked: \(displayable(parking.words)).
        session: \(agent.session)
        hook_bead: \(displayable(hook ?? "none"))
        last: \(cause?.description ?? "unknown")
        What happens next: \(outlook).
        To see its last words: gt session capture \(agent.address)
        To clear its restart history: gt session reset \(agent.address)
        To leave it down: gt session stop \(agent.address)
        """)
  }

  /// `MASS_DEATH`: many agents died at one time. One message for a rig, or for the town's own.
  static func massDeath(_ agents: [AgentIdentity], cause: String, total: Int) -> Notice? {
    guard let first = agents.min() else { return nil }
    let place = first.rig.map { "rig \($0)" } ?? "the town"
    let shown = agents.sorted().prefix(50).map { "  \($0.address)" }
    let more = agents.count > shown.count ? ["  and \(agents.count - shown.count) more"] : []
    var notice = Notice(
      key: massDeathKey, agent: first,
      subject: "MASS_DEATH: \(counted(agents.count, "agent")) of \(place) found dead at once: \(cause)",
      body: """
        \(total) agents of the town were found dead at one time: \(cause).
        Of \(place):
        \((shown + more).joined(separator: "\n"))
        Those with work to do are started again, one after the other. See: gt session check
        """)
    notice.recipients = []
    for recipient in agents.sorted().flatMap(\.guardians) where !notice.recipients.contains(recipient) {
      notice.recipients.append(recipient)
    }
    return notice
  }

  /// An agent was started and does not show its prompt.
  package static func notReady(_ agent: AgentIdentity, after time: Duration, lastLines: [String]) -> Notice {
    Notice(
      key: "not-ready", agent: agent,
      subject: "AGENT_NOT_READY: \(agent.address) shows no prompt after \(time)",
      body: """
        \(agent.address) was started but does not show its prompt, so it was not told to begin.

        session: \(agent.session)

        Its pane's last lines:
        \(lastLines.map { "  " + displayable($0) }.joined(separator: "\n"))
        """)
  }

  /// `GUPP_VIOLATION`, in the original's words.
  package static func guppViolation(_ agent: AgentIdentity, bead: String, hook: String, age: Duration) -> Notice {
    Notice(
      key: guppKey, agent: agent, hook: hook,
      subject: "GUPP_VIOLATION: \(bead) stuck for \(age.inWords)",
      body: """
        Agent \(bead) has work on hook but isn't progressing.

        hook_bead: \(displayable(hook))
        stuck_duration: \(age.inWords)

        Action needed: Check if agent is alive and responsive. Consider restarting if stuck.
        """)
  }

  /// `ORPHANED_WORK`: the work on a dead agent's hook, which no agent works on.
  package static func orphanedWork(_ agent: AgentIdentity, bead: String, hook: String) -> Notice {
    Notice(
      key: orphanKey, agent: agent, hook: hook,
      subject: "ORPHANED_WORK: \(bead) is dead with work on its hook",
      body: """
        Agent \(bead) is dead but has work on its hook.

        hook_bead: \(displayable(hook))
        session: \(agent.session)

        It is not restarted. Action needed: Reassign the work, or restart the agent: gt session start \(agent.address)
        """)
  }

  /// `ORPHANED_WORK`: the work that was on the hook of a polecat that a person has removed.
  package static func removed(_ agent: AgentIdentity, hook: String, by person: String) -> Notice {
    Notice(
      key: removedKey, agent: agent, hook: hook,
      subject: "ORPHANED_WORK: \(agent.address) was removed with \(displayable(hook)) on its hook",
      body: """
        \(agent.address) was removed by \(displayable(person)), with its worktree.

        hook_bead: \(displayable(hook))
        session: \(agent.session)

        No agent works on it now. Action needed: Give the work to another polecat.
        """)
  }
}

extension Duration {
  /// Hours, minutes and seconds, as the original writes them: `35m0s`, `1h0m5s`.
  package var inWords: String {
    let seconds = max(0, components.seconds)
    let (hours, minutes) = (seconds / 3_600, seconds / 60 % 60)
    if hours > 0 { return "\(hours)h\(minutes)m\(seconds % 60)s" }
    return minutes > 0 ? "\(minutes)m\(seconds % 60)s" : "\(seconds)s"
  }
}

extension AgentIdentity {
  /// The original's subject for polecats, and its like for the others.
  fileprivate var crashWord: String { "CRASHED_\(role.rawValue.uppercased())" }
}
