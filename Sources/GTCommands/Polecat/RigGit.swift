// SPDX-License-Identifier: Apache-2.0

import Commands
import CommandSupport
import Town
import TownFiles

/// git in the repository of a rig.
struct RigGit: Sendable {
  let town: OpenTown
  let rig: String

  /// The rig's clone.
  var path: String { town.layout.path("\(rig)/mayor/rig") }
  var isThere: Bool { Disk.exists("\(path)/.git") }

  /// - Parameters:
  ///   - place: the directory in which git works; a `.git` there that leads nowhere leads to no other repository.
  ///   - deadline: for what asks the network, or writes many files, a longer one.
  @discardableResult
  func run(
    _ arguments: [String], in place: String? = nil, deadline: Duration = .seconds(30)
  ) async throws -> CommandResult {
    let directory = place ?? (Disk.isDirectory(path) ? path : town.layout.root)
    var environment = ChildEnvironment.withoutBeads(town.environment)
    // git must not ask for a password: no person sees the question.
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_CEILING_DIRECTORIES"] = Disk.parent(of: Disk.canonical(directory) ?? directory)
    return try await town.runner.run(
      Command("git", arguments, environment: environment, workingDirectory: directory, deadline: deadline))
  }

  /// What a git command prints, without the last newline; `nil` where it fails.
  func line(_ arguments: String...) async throws -> String? {
    let result = try await run(arguments)
    guard result.succeeded else { return nil }
    var text = result.output[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }

  /// What went wrong, in one line.
  static func reason(_ result: CommandResult) -> String {
    result.complaint.split(separator: "\n").first.map { displayable(String($0.prefix(400))) } ?? "git gave no reason"
  }
}
