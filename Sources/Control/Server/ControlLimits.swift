// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// How much one client may ask of the server. The defaults are for people and their tools; tests
/// have shorter times.
package struct ControlLimits: Sendable, Hashable {
  /// The largest request, in bytes.
  package var requestBytes: Int
  /// How many connections are served at once; where there are as many, one that asks for nothing is ended.
  package var connections: Int
  /// How long a connection that asks for nothing keeps its place where another wants it.
  package var patience: Duration
  /// How long a connection may say nothing between two requests.
  package var idle: Duration
  /// How long a request may take to arrive, from its first byte.
  package var request: Duration
  /// How long a client may leave its reply unread.
  package var reply: Duration

  package init(
    requestBytes: Int = 1 << 20,
    connections: Int = 64,
    patience: Duration = .seconds(1),
    idle: Duration = .seconds(60),
    request: Duration = .seconds(10),
    reply: Duration = .seconds(10)
  ) {
    self.requestBytes = requestBytes
    self.connections = connections
    self.patience = patience
    self.idle = idle
    self.request = request
    self.reply = reply
  }
}
