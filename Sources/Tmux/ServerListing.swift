// SPDX-License-Identifier: Apache-2.0

/// One life of a tmux server.
package struct ServerLife: Sendable, Hashable, Codable {
  package var pid: Int32
  /// Seconds since 1970.
  package var startTime: Int

  package init(pid: Int32, startTime: Int) {
    self.pid = pid
    self.startTime = startTime
  }
}

/// What was found at a server's address.
package enum ServerListing: Sendable, Hashable {
  /// No server listens there. That is a fact: there are no sessions.
  case noServer
  /// A server, with every pane of every session; none where it has no sessions.
  case server(ServerLife, [Pane])

  package var identity: ServerLife? {
    if case .server(let identity, _) = self { identity } else { nil }
  }

  package var panes: [Pane] {
    if case .server(_, let panes) = self { panes } else { [] }
  }
}
