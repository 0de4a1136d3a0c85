// SPDX-License-Identifier: Apache-2.0

/// A file of the town that could not be read or written: which, what was attempted, and why it failed.
package struct TownFileError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    case missing
    case unreadable
    /// It was read, and what stands in it makes no sense.
    case malformed
    case unwritable
    /// Another process holds it.
    case held
  }

  package var code: Code
  package var path: String
  package var reason: String

  package init(_ code: Code, path: String, reason: String) {
    self.code = code
    self.path = path
    self.reason = reason
  }

  package var description: String { "\(path): \(reason)" }
}
