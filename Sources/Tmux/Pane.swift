// SPDX-License-Identifier: Apache-2.0

/// What tmux says of one pane. Times are in seconds since 1970.
package struct Pane: Sendable, Hashable {
  package var id: PaneID
  /// As tmux has it; sessions of other people may have any name.
  package var session: String
  /// `$3`
  package var sessionID: String
  /// How many clients are attached to the session.
  package var attachedClients: Int
  package var sessionCreated: Int
  package var windowIndex: Int
  /// `@4`
  package var windowID: String
  package var index: Int
  /// The pane's first process, also when that has ended.
  package var pid: Int32
  /// The first process has ended and was reaped, and the pane remains.
  package var isDead: Bool
  /// With what status the first process ended; `nil` where a signal ended it, and where tmux missed
  /// the end (tmux before 3.6; a SIGCHLD to the server makes it look again).
  package var deadStatus: Int?
  /// The signal that ended the first process; `nil` as above.
  package var deadSignal: Int?
  package var deadTime: Int?
  /// In copy mode or another mode that takes the keys.
  package var isInMode: Bool
  /// When the window last printed something.
  package var windowActivity: Int
  package var mark: PaneMark?

  package init(
    id: PaneID, session: String, sessionID: String = "$0", attachedClients: Int = 0, sessionCreated: Int = 0,
    windowIndex: Int = 0, windowID: String = "@0", index: Int = 0, pid: Int32, isDead: Bool = false,
    deadStatus: Int? = nil, deadSignal: Int? = nil, deadTime: Int? = nil, isInMode: Bool = false,
    windowActivity: Int = 0, mark: PaneMark? = nil
  ) {
    self.id = id
    self.session = session
    self.sessionID = sessionID
    self.attachedClients = attachedClients
    self.sessionCreated = sessionCreated
    self.windowIndex = windowIndex
    self.windowID = windowID
    self.index = index
    self.pid = pid
    self.isDead = isDead
    self.deadStatus = deadStatus
    self.deadSignal = deadSignal
    self.deadTime = deadTime
    self.isInMode = isInMode
    self.windowActivity = windowActivity
    self.mark = mark
  }

  /// The process has ended, but tmux does not know how.
  package var endIsUnknown: Bool { isDead && deadStatus == nil && deadSignal == nil }
}
