// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

/// Runs `bd` on one database at a time, under a deadline, and tells what went wrong.
struct BdClient: Sendable {
  /// The absolute path of `bd`, wherever it is now. An upgrade may take it away for a while, or put it elsewhere.
  let findExecutable: @Sendable () -> String?
  let environment: [String: String]
  let runner: any CommandRunner
  /// For each run.
  let deadline: Duration
  /// The most that a run may print, in bytes: some 16,000 agents. Reading beads takes up to fifty times as much memory.
  static let outputLimit = 8 << 20

  init(
    environment: [String: String], runner: any CommandRunner, deadline: Duration,
    findExecutable: @escaping @Sendable () -> String?
  ) {
    var environment = ChildEnvironment.withoutBeads(environment)
    // Else bd starts a helper process of its own, and outside a git repository waits 5 s for it.
    environment["BEADS_NO_DAEMON"] = "1"
    self.init(exactly: environment, runner: runner, deadline: deadline, findExecutable: findExecutable)
  }

  /// - Parameter environment: all that `bd` is given, but for the database.
  init(
    exactly environment: [String: String], runner: any CommandRunner, deadline: Duration,
    findExecutable: @escaping @Sendable () -> String?
  ) {
    self.findExecutable = findExecutable
    self.environment = environment
    self.runner = runner
    self.deadline = deadline
  }

  /// Runs `bd` to its end, in the directory that holds the database. A status other than 0 is a
  /// result, not an error.
  func run(_ arguments: [String], on database: BeadDatabase, attempt: String) async throws -> CommandResult {
    try checkSafety(of: database, attempt: attempt)
    var environment = environment
    environment["BEADS_DIR"] = database.path
    return try await run(
      arguments, in: parent(of: database.path), environment: environment, deadline: deadline, attempt: attempt)
  }

  /// Runs `bd` in a directory, on whichever database it finds from there.
  func run(
    _ arguments: [String], in directory: String, environment: [String: String], deadline: Duration, attempt: String
  ) async throws -> CommandResult {
    guard let executable = findExecutable() else {
      throw BeadStoreError(.unavailable, attempt: attempt, message: BdClient.missing(environment: environment))
    }
    let command = Command(
      executable, arguments, environment: environment, workingDirectory: directory, deadline: deadline,
      outputLimit: BdClient.outputLimit)
    do {
      let result = try await runner.run(command)
      if case .signalled = result.ending {
        throw BeadStoreError(.unavailable, attempt: attempt, message: BdOutput.reason(result))
      }
      return result
    } catch let error as CommandError {
      let code: BeadStoreError.Code =
        switch error.code {
        case .deadlineExceeded: .deadlineExceeded
        case .outputLimitExceeded: .unreadable
        case .notFound, .failedToStart: .unavailable
        }
      throw BeadStoreError(code, attempt: attempt, message: "\(executable): \(error.reason)")
    }
  }

  /// What is said where there is no `bd`.
  static func missing(environment: [String: String]) -> String {
    "no 'bd' was found on PATH (\(environment["PATH"] ?? "which is not set"))"
  }

  /// The error for a run that ended with a status other than 0.
  ///
  /// - Parameter id: the bead that it was to change, where there is one.
  func failure(_ result: CommandResult, of id: String? = nil, attempt: String) -> BeadStoreError {
    let reason = BdOutput.reason(result)
    if let id, BdWording.saysMissing(id, reason) {
      return BeadStoreError(.notFound, attempt: attempt, message: reason)
    }
    return BeadStoreError(BdWording.says(.outage, reason) ? .unavailable : .refused, attempt: attempt, message: reason)
  }

  /// Where its export file is missing, bd 0.41 takes `routes.jsonl` for it and destroys it.
  private func checkSafety(of database: BeadDatabase, attempt: String) throws(BeadStoreError) {
    do throws(SmallFile.Failure) {
      guard try SmallFile.kind(of: database.path) == .directory else {
        throw SmallFile.Failure(path: database.path, errno: 2)
      }
      guard try SmallFile.kind(of: "\(database.path)/routes.jsonl") != .missing else { return }
      for name in ["issues.jsonl", "beads.jsonl"] where try SmallFile.kind(of: "\(database.path)/\(name)") != .missing {
        return
      }
    } catch {
      throw BeadStoreError(.unavailable, attempt: attempt, message: error.description)
    }
    throw BeadStoreError(
      .unavailable, attempt: attempt,
      message: """
        \(database.path) has a routes.jsonl but no issues.jsonl, and bd would overwrite the routes. To repair it: \
        move routes.jsonl out of that directory, run 'bd export -o .beads/issues.jsonl' in the directory above it, and \
        move routes.jsonl back
        """)
  }

  func parent(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }
}
