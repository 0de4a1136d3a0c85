// SPDX-License-Identifier: Apache-2.0

/// A death as it was judged: what its capsule begins with, before anything was gathered.
package struct DeathReport: Sendable, Hashable {
  /// The pane that an agent has left behind, with the process that was in it.
  package struct Remains: Sendable, Hashable {
    /// The tmux server's address as a person would give it to tmux.
    package var serverName: String
    package var server: ServerIdentity
    package var pane: String
    /// The pane's process: the agent's own, dead, or the bare shell that is left.
    package var pid: Int32

    package init(serverName: String, server: ServerIdentity, pane: String, pid: Int32) {
      self.serverName = serverName
      self.server = server
      self.pane = pane
      self.pid = pid
    }
  }

  /// The capsule's id, decided when the death was seen, so that the journal's entry can name it.
  package var id: String
  package var agent: AgentIdentity
  package var seenAt: Timestamp
  package var cause: ExitCause?
  /// The life that ended; `nil` where only a corpse was found.
  package var life: ProcessLife?
  /// The process that did the agent's work, where that was a child of the pane's shell.
  package var worker: Int32?
  /// When that life was first seen.
  package var since: Timestamp?
  package var remains: Remains?
  /// Restarts so far, ever.
  package var restarts: Int
  package var hook: String?
  /// The end that had been decided for the agent.
  package var intent: LifecycleIntent?
  /// The decision of a person that held when it died.
  package var hold: Hold?
  /// Whether it had been started and not yet been told to begin.
  package var wasWaiting = false
  /// The control group that it had for itself.
  package var scope: AgentScope?

  package init(
    _ agent: AgentIdentity, seenAt: Timestamp, cause: ExitCause?, life: ProcessLife? = nil, since: Timestamp? = nil,
    remains: Remains? = nil, restarts: Int = 0, hook: String? = nil, intent: LifecycleIntent? = nil,
    hold: Hold? = nil
  ) {
    id = CrashCapsule.id(time: seenAt, session: agent.session)
    self.agent = agent
    self.seenAt = seenAt
    self.cause = cause
    self.life = life
    self.since = since
    self.remains = remains
    self.restarts = restarts
    self.hook = hook
    self.intent = intent
    self.hold = hold
  }

  /// Whether the service manager is to be asked if memory ran out: it ended by a signal that may be of that, in a
  /// unit of its own.
  package var mayBeOutOfMemory: Bool {
    scope != nil && (cause == .signalled(9) || cause == .signalled(15))
  }

  /// The dead process, where anything is known of it.
  package var pid: Int32? { worker ?? life?.pid ?? (cause == .shellLeft ? nil : remains?.pid) }

  /// Why there is no pane whose text could be kept.
  package var whyNothingRemains: String {
    switch cause {
    case .serverGone?: "its tmux server is gone, and the pane with it"
    case .sessionGone?: "its session was removed or renamed, or its pane moved"
    case .exited?, .signalled?, .shellLeft?, nil: "no pane of it was found"
    }
  }
}

extension Liveness {
  /// The pane in which the last words of an agent stand that has died.
  ///
  /// - Parameter life: the life that is over; where its pane has gone, another's text is not its own.
  package func remains(of life: ProcessLife?) -> DeathReport.Remains? {
    switch self {
    case .dead(let corpse) where life == nil || (corpse.server == life?.server && corpse.pane == life?.pane):
      DeathReport.Remains(
        serverName: corpse.place.serverName, server: corpse.server, pane: corpse.pane, pid: corpse.pid)
    case .deadShell(let shell)
    where life == nil || (shell.life.server == life?.server && shell.life.pane == life?.pane):
      DeathReport.Remains(
        serverName: shell.place.serverName, server: shell.life.server, pane: shell.life.pane, pid: shell.life.pid)
    case .dead, .deadShell, .alive, .absent, .unknown: nil
    }
  }
}
