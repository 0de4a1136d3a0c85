// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a signal did not reach a process.
package struct SignalError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// The process is gone, or its pid belongs to another process by now. No signal was sent.
    case noSuchProcess
    /// It is another user's.
    case notPermitted
    /// The system refused for another reason, such as having no pidfds.
    case failed
  }

  package var code: Code
  package var process: ProcessIdentity
  /// As `errno` had it.
  package var number: Int32

  init(_ code: Code, process: ProcessIdentity, number: Int32) {
    self.code = code
    self.process = process
    self.number = number
  }

  init(number: Int32, process: ProcessIdentity) {
    let code: Code =
      switch number {
      case ESRCH: .noSuchProcess
      case EPERM: .notPermitted
      default: .failed
      }
    self.init(code, process: process, number: number)
  }

  package var description: String { "signal the process \(process.pid): \(String(cString: strerror(number)))" }
}

/// Sends signals to processes, never to a group and never to a pid that may mean another by now.
package enum Signals {
  /// Sends `signal` to exactly this process. A zombie takes it without effect.
  package static func send(_ signal: Int32, to process: ProcessIdentity) throws(SignalError) {
    let descriptor = try ProcessDescriptor(process)
    try descriptor.send(signal, to: process)
  }
}
