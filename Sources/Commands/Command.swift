// SPDX-License-Identifier: Apache-2.0

/// An outside command: what to run, where, with what, and for how long at most.
///
/// Arguments are handed to the program as they are. Nothing here ever passes through a shell.
package struct Command: Sendable, Hashable {
  /// An absolute path, or a name that is looked up on the `PATH` of ``environment``.
  package var executable: String
  package var arguments: [String]
  /// The child's whole environment. `nil` hands on our own, less what must never reach a child
  /// (see ``ChildEnvironment``).
  package var environment: [String: String]?
  /// The child's working directory; `nil` is our own.
  package var workingDirectory: String?
  /// What the child reads on its standard input; `nil` is an empty input.
  package var standardInput: [UInt8]?
  /// The time after which the child, and everything in its process group, is ended.
  package var deadline: Duration
  /// The most that is kept of each output stream, in bytes. More ends the child and is an error.
  package var outputLimit: Int

  package init(
    _ executable: String,
    _ arguments: [String] = [],
    environment: [String: String]? = nil,
    workingDirectory: String? = nil,
    standardInput: [UInt8]? = nil,
    deadline: Duration,
    outputLimit: Int = 16 << 20
  ) {
    self.executable = executable
    self.arguments = arguments
    self.environment = environment
    self.workingDirectory = workingDirectory
    self.standardInput = standardInput
    self.deadline = deadline
    self.outputLimit = outputLimit
  }

  /// The command as a person would type it, for error messages only: never hand this to a shell.
  package var summary: String {
    ([executable] + arguments.map { $0.isEmpty || $0.contains(" ") ? "'\($0)'" : $0 })
      .joined(separator: " ")
  }
}
