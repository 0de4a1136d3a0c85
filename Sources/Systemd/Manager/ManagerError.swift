// SPDX-License-Identifier: Apache-2.0

/// Why the user's service manager did not do what it was asked.
package struct ManagerError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// There is no user manager, or its socket is not answered.
    case unreachable
    /// Whether it was done is not known.
    case deadlineExceeded
    /// It has answered, and refused.
    case refused
  }

  package var code: Code
  /// What was attempted, on what.
  package var operation: String
  package var reason: String
  /// The refusal's D-Bus name.
  package var name: String?

  init(_ code: Code, operation: String, reason: String, name: String? = nil) {
    self.code = code
    self.operation = operation
    self.reason = reason
    self.name = name
  }

  package var description: String { "\(operation): \(reason)" }
}
