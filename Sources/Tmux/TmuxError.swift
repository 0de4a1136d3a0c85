// SPDX-License-Identifier: Apache-2.0

import Commands

/// Why tmux did not do what it was asked to.
package struct TmuxError: Error, Sendable, Hashable, CustomStringConvertible {
  package enum Code: Sendable, Hashable {
    /// No answer in time: the server is stopped or wedged, or the machine is.
    case deadlineExceeded
    /// We may not talk to this server, or not reach its socket.
    case refused
    /// There is no tmux to run.
    case notFound
    /// No server at the address, where one was needed.
    case noServer
    /// No such session or pane.
    case noSuchTarget
    /// A session of this name is there already.
    case duplicateSession
    /// A server answers, and it is not the one that was meant.
    case otherServer
    /// The pane's process lives, and was not replaced.
    case paneIsAlive
    /// The pane's process has ended, and cannot be typed to.
    case paneIsDead
    /// The pane does not show any longer what it showed when it was looked at, and was not typed to.
    case paneHasChanged
    /// The directory for a new process is not there, or may not be entered.
    case noDirectory
    /// The command or a variable for a new process cannot be written for tmux.
    case invalidArgument
    /// tmux answered something that is none of its answers.
    case unreadable
    /// tmux refused for another reason.
    case commandFailed
  }

  package var code: Code
  /// The attempted action, and the server.
  package var operation: String
  /// Why it failed, in the words of the program that refused.
  package var reason: String

  package init(_ code: Code, operation: String, reason: String) {
    self.code = code
    self.operation = operation
    self.reason = reason
  }

  package var description: String { "\(operation): \(reason)" }

  /// Reads the complaint of a tmux client that ended with a status other than 0.
  init(complaint: String, operation: String) {
    let text = complaint.split(separator: "\n").joined(separator: "; ")
    self.init(Self.code(for: text), operation: operation, reason: text.isEmpty ? "it failed without a message" : text)
  }

  init(_ error: CommandError, operation: String) {
    let code: Code =
      switch error.code {
      case .notFound: .notFound
      case .deadlineExceeded: .deadlineExceeded
      case .outputLimitExceeded: .unreadable
      case .failedToStart: .commandFailed
      }
    self.init(code, operation: operation, reason: error.reason)
  }

  /// What a complaint means. Of the failures to connect only "no such file" is a server that is not
  /// there; a socket that we may not use says nothing of the sessions behind it.
  private static func code(for text: String) -> Code {
    if text.containsBytes(of: "error connecting to") {
      return text.containsBytes(of: "(No such file or directory)") || text.containsBytes(of: "(Connection refused)")
        ? .noServer : .refused
    }
    if text.containsBytes(of: "Permission denied") || text.containsBytes(of: "access not allowed") { return .refused }
    for message in ["no server running", "no current target", "server exited unexpectedly"]
    where text.containsBytes(of: message) {
      return .noServer
    }
    if text.containsBytes(of: "duplicate session") { return .duplicateSession }
    if text.containsBytes(of: "command too long") { return .invalidArgument }
    if text.containsBytes(of: "still active") { return .paneIsAlive }
    for message in ["can't find", "no such pane", "no such window", "no such session"]
    where text.containsBytes(of: message) {
      return .noSuchTarget
    }
    return .commandFailed
  }
}
