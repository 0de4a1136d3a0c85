// SPDX-License-Identifier: Apache-2.0

/// Why the control socket cannot be served.
package struct ListenError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// Longer than the 107 bytes that the kernel has for it.
    case pathTooLong
    /// Another process answers there.
    case inUse
    /// The file there is not a socket, and is left alone.
    case notASocket
    /// The descriptor that was handed over is no listening Unix stream socket.
    case unusableDescriptor
    /// It was served, and ended by itself.
    case lost
    /// A system call failed; its `errno`.
    case system(Int32)
  }

  package var code: Code
  /// What it was about: a path, or a descriptor's number.
  package var subject: String
  package var reason: String

  package init(_ code: Code, subject: String, reason: String) {
    self.code = code
    self.subject = subject
    self.reason = reason
  }

  package var description: String { "control socket \(subject): \(reason)" }
}
