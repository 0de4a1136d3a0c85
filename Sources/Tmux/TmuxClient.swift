// SPDX-License-Identifier: Apache-2.0

package import Commands
package import Trust
import Glibc

/// Speaks to one tmux server by running `tmux`, one process a call, of however many commands. No client stays attached:
/// while a control-mode client is, ordinary commands of other clients end tmux 3.3a to 3.6 (tmux#5243).
///
/// Every call passes `-N`, so that it never starts a server, and has a deadline: a server that was
/// stopped accepts connections and does not answer. Operations throw ``TmuxError``, and
/// `CancellationError` where the calling task was cancelled.
package struct TmuxClient: Sendable {
  package let server: TmuxServer
  /// Where the server's socket is.
  package let socketPath: String
  let trust: PathTrust?
  private let executable: String
  private let runner: any CommandRunner
  var deadline: Duration
  private let environment: [String: String]?

  /// - Parameters:
  ///   - executable: a path, or a name that is looked up on the environment's `PATH`.
  ///   - deadline: for each call.
  ///   - environment: of the `tmux` processes; `nil` is the runner's.
  ///   - socketPath: where the server's socket is; `nil` is where its address says, with our own `TMUX_TMPDIR`.
  ///   - trust: by what the socket is judged before each call; `nil` where no `tmux` is really run.
  package init(
    server: TmuxServer,
    executable: String = "tmux",
    runner: any CommandRunner,
    deadline: Duration = .seconds(5),
    environment: [String: String]? = nil,
    socketPath: String? = nil,
    trust: PathTrust? = PathTrust()
  ) {
    self.server = server
    self.socketPath =
      socketPath
      ?? server.socketPath(
        userID: getuid(),
        temporaryDirectory: environment?["TMUX_TMPDIR"] ?? getenv("TMUX_TMPDIR").map { String(cString: $0) })
    self.trust = trust
    self.executable = executable
    self.runner = runner
    self.deadline = deadline
    self.environment = environment
  }

  /// Runs `commands` in one call and returns what they printed. tmux stops at the first that fails.
  func call(
    _ operation: String, _ commands: [[String]], input: [UInt8]? = nil, directory: String? = nil
  ) async throws -> String {
    let operation = "\(operation) on the tmux server \(server)"
    let result = try await run(commands, operation: operation, input: input, directory: directory)
    guard result.succeeded else { throw TmuxError(result, operation: operation) }
    return result.output
  }

  /// As ``call(_:_:input:directory:)``, but a failure of tmux is a result.
  func run(
    _ commands: [[String]], operation: String, input: [UInt8]? = nil, directory: String? = nil
  ) async throws -> CommandResult {
    if let objection = objection(operation) {
      guard objection.code == .noServer else { throw objection }
      // As a client that was run would have said it.
      return CommandResult(ending: .exited(1), standardOutput: [], standardError: Array("\(objection.reason)\n".utf8))
    }
    let command = Command(
      executable, ["-N", "-u"] + arguments + TmuxArgument.words(of: commands), environment: environment,
      workingDirectory: directory, standardInput: input, deadline: deadline)
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
