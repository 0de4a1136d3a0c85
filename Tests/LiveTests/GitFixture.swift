// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Processes
import Supervision
import TestSupport

/// A repository with an `origin`, and worktrees of it as polecats have them.
struct GitFixture: Sendable {
  let directory: TemporaryDirectory
  let environment: [String: String]
  let runner: CountingRunner
  private let system: SystemCommandRunner

  private static let variable = "LIVE_GIT"
  var rig: String { directory("rig") }

  /// - Parameters:
  ///   - variables: of the refresher's environment.
  ///   - interceptor: is called with each command of the refresher before it is run.
  static func with<Result>(
    variables: [String: String] = [:], interceptor: (@Sendable (Command) async throws -> Void)? = nil,
    _ body: (GitFixture) async throws -> Result
  ) async throws -> Result {
    try await TemporaryDirectory.with { directory in
      let fixture = GitFixture(directory, variables: variables, interceptor: interceptor)
      let result: Swift.Result<Result, any Error>
      do {
        try await fixture.furnish()
        result = .success(try await body(fixture))
      } catch {
        result = .failure(error)
      }
      for process in fixture.processes { _ = try? await ProcessEnder().end(process.identity, grace: .seconds(1)) }
      return try result.get()
    }
  }

  private init(
    _ directory: TemporaryDirectory, variables: [String: String],
    interceptor: (@Sendable (Command) async throws -> Void)?
  ) {
    self.directory = directory
    environment = TmuxFixture.environment.merging([
      "HOME": directory.path, "GIT_CONFIG_NOSYSTEM": "1", "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@localhost",
      "GIT_COMMITTER_NAME": "Ada", "GIT_COMMITTER_EMAIL": "ada@localhost", Self.variable: directory.path,
    ]) { $1 }.merging(variables) { $1 }
    system = SystemCommandRunner(environment: environment)
    runner = CountingRunner(InterceptedRunner(runner: system, interceptor: interceptor))
  }

  private func furnish() async throws {
    try await git("init", "--quiet", "--bare", "-b", "main", directory("origin.git"), in: directory.path)
    try await git("clone", "--quiet", directory("origin.git"), directory("peer"), in: directory.path)
    try await commit("shared", "one\n", in: directory("peer"))
    try await git("push", "--quiet", "origin", "HEAD:main", in: directory("peer"))
    try await git("clone", "--quiet", directory("origin.git"), rig, in: directory.path)
  }

  /// A polecat's worktree, on a branch of its own.
  func worktree(_ name: String = "toast") async throws -> String {
    try await git("worktree", "add", "--quiet", "-b", "polecat/\(name)", directory(name), in: rig)
    return directory(name)
  }

  @discardableResult
  func git(_ words: String..., in place: String) async throws -> String {
    try await git(words, in: place, mayFail: false)
  }

  @discardableResult
  func git(_ words: [String], in place: String, mayFail: Bool) async throws -> String {
    // What git itself says of the repository around it would lead it astray; and looking at a worktree
    // is not to change it.
    let own = ChildEnvironment.scrubbed(environment).merging(["GIT_OPTIONAL_LOCKS": "0"]) { $1 }
    let result = try await system.run(
      Command("git", words, environment: own, workingDirectory: place, deadline: .seconds(60)))
    guard result.succeeded || mayFail else { throw NotInTime(description: "git \(words): \(result.errors)") }
    return result.output.split(separator: "\n").joined(separator: "\n")
  }

  func commit(_ file: String, _ text: String, in place: String) async throws {
    TestFile.write(text, to: "\(place)/\(file)")
    try await git("add", file, in: place)
    try await git("commit", "--quiet", "-m", "change \(file)", in: place)
  }

  /// Somebody else pushes to `origin`.
  func advance(_ file: String = "shared", _ text: String = "two\n") async throws {
    try await commit(file, text, in: directory("peer"))
    try await git("push", "--quiet", "origin", "HEAD:main", in: directory("peer"))
  }

  func head(_ place: String) async throws -> String { try await git("rev-parse", "HEAD", in: place) }

  /// Whether `origin`'s newest commit is in a worktree's history.
  func isFresh(_ place: String) async throws -> Bool {
    let newest = try await git("rev-parse", "main", in: directory("origin.git"))
    return try await git("branch", "--contains", newest, in: place).contains("*")
  }

  /// All that a refresh might change: the branch, its commit, the index and every file.
  func state(_ place: String) async throws -> [String] {
    let index = try await git("rev-parse", "--path-format=absolute", "--git-path", "index", in: place)
    let bytes = TestFile.bytes(index) ?? []
    return [
      try await head(place), try await git(["symbolic-ref", "HEAD"], in: place, mayFail: true),
      bytes.map { String($0, radix: 16) }.joined(),
      try await git("-c", "diff.autoRefreshIndex=false", "diff", "HEAD", in: place),
      TestFile.text("\(place)/shared") ?? "none", TestFile.text("\(place)/new") ?? "none",
    ]
  }

  /// - Parameters:
  ///   - hanging: the git command that is given little time; what comes before it has plenty.
  ///   - path: where git is found.
  ///   - sync: brings the beads up to date.
  func refresher(hanging: String? = nil, path: String? = nil, sync: BdSync? = nil) -> WorktreeRefresher {
    var environment = environment
    if let path { environment["PATH"] = path }
    return WorktreeRefresher(
      runner: ImpatientRunner(
        runner: path.map { _ in SystemCommandRunner(environment: environment) } ?? runner, command: hanging),
      environment: environment, deadline: .seconds(60), sync: sync)
  }

  private struct ImpatientRunner: CommandRunner {
    let runner: any CommandRunner
    let command: String?

    @concurrent func run(_ command: Command) async throws -> CommandResult {
      var command = command
      if command.arguments.first == self.command, !command.arguments.contains("--abort") {
        command.deadline = .seconds(2)
      }
      return try await runner.run(command)
    }
  }

  /// What was started for this repository and still runs.
  var processes: [ProcessStatus] {
    let table = ProcessTable()
    return table.all().filter { $0.isAlive && table.environment(of: $0.pid)?[Self.variable] == directory.path }
  }

  /// Puts a hook into the repository.
  func hook(_ name: String, _ text: String) {
    directory.makeDirectory("rig/.git/hooks")
    TestFile.write("#!/bin/bash\n\(text)\n", to: "\(rig)/.git/hooks/\(name)", mode: 0o755)
  }
}
