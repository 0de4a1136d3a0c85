// SPDX-License-Identifier: Apache-2.0

package import Commands
import Subprocess
import SystemPackage
import Glibc

/// Runs commands as child processes, each in a session of its own and under its deadline.
///
/// At the deadline the child's whole process group is asked to end and, half a second later,
/// killed: a `git` that started `ssh` leaves nothing behind.
package struct SystemCommandRunner: CommandRunner {
  /// What a child inherits where its command names no environment of its own.
  private let inherited: [String: String]

  /// - Parameter environment: our own environment; what must not be handed on is taken out.
  package init(environment: [String: String]) {
    inherited = ChildEnvironment.scrubbed(environment)
  }

  @concurrent package func run(_ command: Command) async throws -> CommandResult {
    let deadline = CommandBudget.deadline(of: command)
    guard deadline > .zero else {
      throw CommandError(.deadlineExceeded, command: command, reason: "the time for it was over before it began")
    }
    return try await withThrowingTaskGroup(of: CommandResult.self) { group in
      group.addTask { try await spawn(command) }
      group.addTask {
        try await Task.sleep(for: deadline, clock: .continuous)
        throw CommandError(.deadlineExceeded, command: command, reason: "no end after \(deadline)")
      }
      defer { group.cancelAll() }
      guard let first = try await group.next() else { throw CancellationError() }
      return first
    }
  }

  /// How `command` is started: in a session of its own, so that there is no controlling terminal that
  /// could be asked for a password, and a process group by which all that it started can be ended.
  func configuration(of command: Command, teardown: [TeardownStep]) throws(CommandError) -> Configuration {
    guard FreeDescriptors.sufficeForStart() else {
      throw CommandError(.failedToStart, command: command, reason: "no file descriptors are left (Too many open files)")
    }
    let environment = command.environment ?? inherited
    var options = PlatformOptions()
    options.createSession = true
    options.teardownSequence = teardown
    let variables = Dictionary(
      uniqueKeysWithValues: environment.map { (Environment.Key(stringLiteral: $0.key), $0.value) })
    return Configuration(
      executable: try executable(of: command, path: environment["PATH"]),
      arguments: Arguments(command.arguments),
      environment: .custom(variables),
      workingDirectory: command.workingDirectory.map { FilePath($0) },
      platformOptions: options
    )
  }

  private func spawn(_ command: Command) async throws -> CommandResult {
    let configuration = try configuration(
      of: command,
      teardown: [
        .gracefulShutDown(toProcessGroup: true, allowedDurationToNextStep: .milliseconds(500)),
        .send(signal: .kill, toProcessGroup: true, allowedDurationToNextStep: .milliseconds(100)),
      ])
    do {
      if let bytes = command.standardInput {
        let input = try StandardInput.open(bytes, for: command)
        defer { try? input.close() }
        let result = try await Subprocess.run(
          configuration, input: .fileDescriptor(input, closeAfterSpawningProcess: false),
          output: .bytes(limit: command.outputLimit), error: .bytes(limit: command.outputLimit))
        return CommandResult(
          ending: ending(result.terminationStatus), standardOutput: result.standardOutput,
          standardError: result.standardError)
      }
      let result = try await Subprocess.run(
        configuration, input: .none, output: .bytes(limit: command.outputLimit),
        error: .bytes(limit: command.outputLimit))
      return CommandResult(
        ending: ending(result.terminationStatus), standardOutput: result.standardOutput,
        standardError: result.standardError)
    } catch let error as SubprocessError {
      throw translated(error, of: command)
    }
  }

  /// Looks a bare name up on the child's `PATH`, not on ours.
  private func executable(of command: Command, path: String?) throws(CommandError) -> Executable {
    if command.executable.contains("/") { return .path(FilePath(command.executable)) }
    guard let found = ExecutableSearch.find(command.executable, path: path ?? "") else {
      let place = path.map { "on PATH (\($0))" } ?? "as there is no PATH"
      let passed = ExecutableSearch.passedOver(command.executable, path: path ?? "").map { "; not run: \($0)" } ?? ""
      throw CommandError(
        .notFound, command: command, reason: "no executable '\(command.executable)' \(place)\(passed)")
    }
    return .path(FilePath(found))
  }

  private func ending(_ status: TerminationStatus) -> CommandResult.Ending {
    switch status {
    case .exited(let code): .exited(code)
    case .signaled(let signal): .signalled(signal)
    }
  }

  private func translated(_ error: SubprocessError, of command: Command) -> any Error {
    if Task.isCancelled { return CancellationError() }
    let code: CommandError.Code =
      switch error.code {
      case .executableNotFound: .notFound
      case .outputLimitExceeded: .outputLimitExceeded
      default: .failedToStart
      }
    let reason =
      code == .outputLimitExceeded
      ? "it printed more than \(command.outputLimit) bytes" : "\(error)"
    return CommandError(code, command: command, reason: reason)
  }
}
