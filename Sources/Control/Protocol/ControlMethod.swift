// SPDX-License-Identifier: Apache-2.0

/// One method of the interface `org.gastown.Daemon`: the request itself, with what it is answered.
///
/// A further method is one file with a type like ``Beat``, its case in ``ControlHandler``, its line in
/// ``ControlInterface/routes`` and its definition in packaging. The town is no part of a request: the client puts it into
/// the parameters of each, and the server compares it before a handler sees the request.
package protocol ControlMethod: Codable, Sendable {
  associatedtype Reply: Codable & Sendable

  /// The last part of the method's name, `Beat` of `org.gastown.Daemon.Beat`.
  static var name: String { get }

  /// Whether asking twice does no more than asking once: only such a request is sent again when the
  /// daemon went away before a byte of its reply.
  static var isIdempotent: Bool { get }
}

extension ControlMethod {
  /// The method's name as it goes over the socket.
  package static var qualifiedName: String { "\(ControlInterface.name).\(name)" }
}
