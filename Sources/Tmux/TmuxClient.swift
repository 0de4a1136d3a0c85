// SPDX-License-Identifier: Apache-2.0

package import Commands

#if canImport(Glibc)
  import Glibc
#endif

/// Speaks to one tmux server: by a lasting client where one was given and is connected, else by running
/// `tmux`, one process a call.
///
/// Every call passes `-N`, so that it never starts a server, and has a deadline: a server that was
/// stopped accepts connections and does not answer. Operations throw ``TmuxError``, and
/// `CancellationError` where the calling task was cancelled.
package struct TmuxClient: Sendable {
  package let server: TmuxServer
  private let executable: String
  private let runner: any CommandRunner
  private let deadline: Duration
  private let environment: [String: String]?
  private let control: ControlClient?

  /// - Parameters:
  ///   - executable: a path, or a name that is looked up on the environment's `PATH`.
  ///   - deadline: for each call.
  ///   - environment: of the `tmux` processes; `nil` is the runner's.
  ///   - control: a lasting client of the same server; whoever made it ends it.
  package init(
    server: TmuxServer,
    executable: String = "tmux",
    runner: any CommandRunner,
    deadline: Duration = .seconds(5),
    environment: [String: String]? = nil,
    control: ControlClient? = nil
  ) {
    self.server = server
    self.executable = executable
    self.runner = runner
    self.deadline = deadline
    self.environment = environment
    self.control = control
  }

  /// Runs `commands` in one call and returns what they printed. tmux stops at the first that fails.
  func call(
    _ operation: String, _ commands: [[String]], input: [UInt8]? = nil, directory: String? = nil,
    isReading: Bool = false
  ) async throws -> String {
    let operation = "\(operation) on the tmux server \(server)"
    let result = try await run(
      commands, operation: operation, input: input, directory: directory, isReading: isReading)
    guard result.succeeded else { throw TmuxError(result, operation: operation) }
    return result.output
  }

  /// As ``call(_:_:input:directory:isReading:)``, but a failure of tmux is a result.
  ///
  /// - Parameter isReading: whether `commands` change nothing, so that they may be run again where it is
  ///   not known what became of them. All others are run once at most.
  func run(
    _ commands: [[String]], operation: String, input: [UInt8]? = nil, directory: String? = nil,
    isReading: Bool = false
  ) async throws -> CommandResult {
    if !isReading { await control?.beginChange() }
    let outcome: Result<CommandResult, any Error>
    do {
      outcome = .success(
        try await carryOut(commands, operation: operation, input: input, directory: directory, isReading: isReading))
    } catch {
      outcome = .failure(error)
    }
    if !isReading { await control?.endChange() }
    let result = try outcome.get()
    // A server without sessions fails some commands after it has answered others.
    if result.succeeded || !result.standardOutput.isEmpty { await control?.connectWhereDue() }
    return result
  }

  private func carryOut(
    _ commands: [[String]], operation: String, input: [UInt8]?, directory: String?, isReading: Bool
  ) async throws -> CommandResult {
    let start = ContinuousClock.now
    // A directory that cannot be entered is the process's to find out, and to say why.
    if let control, input == nil, directory.map({ access("\($0)/.", X_OK) == 0 }) ?? true {
      switch try await control.run(commands) {
      case .answered(let result): return result
      case .unsent: break
      case .lost where isReading: break
      case .lost(let reason): throw TmuxError(.deadlineExceeded, operation: operation, reason: reason)
      }
    }
    let command = Command(
      executable, ["-N", "-u"] + server.arguments + TmuxArgument.words(of: commands), environment: environment,
      workingDirectory: directory, standardInput: input,
      deadline: control == nil ? deadline : max(deadline - (.now - start), .milliseconds(1)))
    do {
      return try await runner.run(command)
    } catch let error as CommandError {
      // The runner names a directory that it could not enter.
      if error.code == .failedToStart, let directory, error.reason.contains(directory) {
        throw TmuxError(.noDirectory, operation: operation, reason: error.reason)
      }
      throw TmuxError(error, operation: operation)
    }
  }
}

extension TmuxError {
  /// What a `tmux` that ended without success has to say.
  init(_ result: CommandResult, operation: String) {
    switch result.ending {
    case .exited: self.init(complaint: result.complaint, operation: operation)
    case .signalled(let signal):
      self.init(.commandFailed, operation: operation, reason: "the tmux client was ended by signal \(signal)")
    }
  }
}
