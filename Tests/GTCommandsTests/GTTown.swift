// SPDX-License-Identifier: Apache-2.0

import Commands
import CommandSupport
import Processes
import TestSupport
import Testing
import TownFiles

/// A directory for one test in which `gt` runs as a person's command, with nothing of that person's.
struct GTTown: Sendable {
  let directory: TemporaryDirectory
  let environment: [String: String]

  var root: String { directory("town") }
  var layout: TownLayout { TownLayout(root: root) }

  /// - Parameter rigs: of a town that is made first; `nil` for no town at all.
  static func with<Result>(rigs: [String]? = ["rig"], _ body: (GTTown) async throws -> Result) async throws -> Result {
    try await TemporaryDirectory.with { directory in
      let town = GTTown(
        directory: directory,
        environment: TestEnvironment.closed(in: directory).merging([
          "USER": "ada", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@localhost",
          "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@localhost",
        ]) { $1 })
      if let rigs {
        try await town.gt("town", "init", town.root)
        for rig in rigs { try await town.gt("rig", "add", rig, "--town", town.root) }
      }
      return try await body(town)
    }
  }

  /// Runs `gt`, in the town where there is one; it must succeed.
  @discardableResult
  func gt(_ words: String...) async throws -> String {
    let result = try await run(words)
    guard result.succeeded else { throw NotInTime(description: "gt \(words): \(result.ending) \(result.errors)") }
    return result.output
  }

  /// Runs `gt`, whatever becomes of it.
  func run(_ words: [String], variables: [String: String] = [:], in place: String? = nil) async throws -> CommandResult
  {
    try await run(builtExecutable("gt"), words, variables: variables, in: place)
  }

  func run(
    _ program: String, _ words: [String], variables: [String: String] = [:], in place: String? = nil
  ) async throws -> CommandResult {
    try await SystemCommandRunner(environment: environment).run(
      Command(
        program, words, environment: environment.merging(variables) { $1 },
        workingDirectory: place ?? (TestFile.exists(root) ? root : directory.path), deadline: .seconds(60)))
  }

  func git(_ words: String..., in place: String) async throws {
    let result = try await run("git", words, in: place)
    guard result.succeeded else { throw NotInTime(description: "git \(words): \(result.errors)") }
  }

  func open() throws -> OpenTown { try OpenTown(layout: layout, environment: environment) }
}

extension CommandResult {
  /// The exit status; `nil` where a signal ended it.
  var status: Int32? {
    if case .exited(let status) = ending { status } else { nil }
  }
}
