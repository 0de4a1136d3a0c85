// SPDX-License-Identifier: Apache-2.0

/// A bead store that did not do what was asked of it.
package struct BeadStoreError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// The store cannot be reached now: no `bd`, a locked or full database, a missing directory.
    case unavailable
    /// There is no such bead.
    case notFound
    /// The store, or a rule of ours before it, does not take this value.
    case refused
    /// The store answered with something that is not what it should be. Nothing is known then.
    case unreadable
    /// The store did not answer in time. A write may have happened or not.
    case deadlineExceeded
  }

  package var code: Code
  /// What was attempted, with the names of the bead and of the database.
  package var attempt: String
  /// Why it failed, and where a person can mend it, how.
  package var message: String

  package init(_ code: Code, attempt: String, message: String) {
    self.code = code
    self.attempt = attempt
    self.message = message
  }

  package var description: String { "\(attempt): \(message)" }
}
