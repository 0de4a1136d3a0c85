// SPDX-License-Identifier: Apache-2.0

import Town

/// One agent as it truly is, whatever the daemon believes.
struct SimulatedAgent: Sendable {
  let identity: AgentIdentity
  let session: String
  let bead: String
  /// The agent's own process, where it lives.
  var process: Int32?
  /// Until when its processes end soon after their start.
  var sickUntil: Int64 = 0
  /// Until when a person looks at its session.
  var watchedUntil: Int64 = 0
  /// Until when a person's pane has been in its way.
  var obstructedUntil: Int64 = 0
  var hold: Hold?
  /// When that was written down.
  var heldAt: Int64 = 0

  // What the inspector keeps of it.
  /// Since when it ought to live and does not.
  var downSince: Int64?
  /// Whether only a heartbeat can find that it ought to live.
  var needsBeat = false
  var startedAt: Int64 = 0
  /// When it, or who gave it work, has last changed its bead.
  var changedAt: Int64 = 0
  /// When a daemon that is about to start it has last looked at other tmux servers.
  var checkedAt: Int64 = 0
  /// Whether those who look after it know that it is down.
  var isKnownDown = false
  /// Since when those who look after it ought to have been told of a death that nobody answers.
  var owedWordSince: Int64?
  /// Since when it is ended on its own request to be started again.
  var owedStartSince: Int64?
  var permits: [Permit] = []
  /// When the daemon's own rules have started it.
  var starts: [Int64] = []

  init(_ identity: AgentIdentity) {
    self.identity = identity
    session = identity.session
    bead = identity.bead
  }
}

/// Why a daemon may end a living process.
struct Permit: Sendable {
  /// The message that asks for it; `nil` where a person does.
  var mail: String?
  /// Whether it is to be started again.
  var startsAgain = false
  /// The one process that may end; `nil` where any of the agent's may.
  var pid: Int32?
  var sentAt: Int64
  var expires: Int64
}

/// A living process of an agent's, or a shell in whose pane an agent may live.
struct SimulatedProcess: Sendable {
  var pid: Int32
  var startTime: UInt64
  var agent: Int
  /// The mark of its life, where a daemon has started it.
  var mark: String?
  var isShell: Bool
  /// Whether it is a person's, and nothing of the agent's.
  var isPersons = false
  var isElsewhere: Bool
  var byDaemon: Bool
  var bornAt: Int64
  var promptAt: Int64
  var toldAt: Int64?
  /// Whether somebody waits that it shows its prompt.
  var isAwaited: Bool
}

struct SimulatedPane: Sendable {
  var id: String
  var agent: Int
  var session: String
  var pid: Int32
  var startTime: UInt64
  var isRunning = true
  var isShell = false
  /// What runs in its shell.
  var worker: Worker?
  var workerBornAt: Int64 = 0
  var cause: ExitCause?
  var isMarked: Bool
  var isAdopted = false
  /// Whether it is a person's, in the agent's session.
  var isPersons = false
  var sessionCreated: Int64
}

struct SimulatedServer: Sendable {
  var identity: ServerIdentity
  var isOwn: Bool
  var name: String
  var panes: [SimulatedPane] = []
  /// Whether the file of its socket is there: without it nobody reaches the server.
  var hasSocket = true
}
