// SPDX-License-Identifier: Apache-2.0

/// A request to the daemon that brought no reply, with what was attempted.
package struct ControlError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// No process listens on the socket, or the connection was lost before a reply.
    case unreachable
    /// No reply by the deadline. What was asked for may still be done.
    case deadlineExceeded
    /// The daemon answered with an error.
    case refused(ControlFailure)
    /// What came back was no reply to this request.
    case protocolViolation
  }

  package var code: Code
  /// The full name of the method that was called.
  package var method: String
  /// The socket that was connected to.
  package var socketPath: String
  /// Why, in words.
  package var reason: String

  package init(_ code: Code, method: String, socketPath: String, reason: String) {
    self.code = code
    self.method = method
    self.socketPath = socketPath
    self.reason = reason
  }

  /// What a refusal says is about the request, and not about how it was sent.
  package var description: String {
    if case .refused = code { return reason }
    return "\(method) at \(socketPath): \(reason)"
  }
}
