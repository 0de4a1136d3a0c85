// SPDX-License-Identifier: Apache-2.0

import Commands
import CommandSupport
import Supervision
import Town
import TownFiles

/// Clones a rig's repository.
struct RigClone: Sendable {
  private let runner: any CommandRunner
  private let environment: [String: String]

  init(runner: any CommandRunner, environment: [String: String]) {
    self.runner = runner
    var environment = ChildEnvironment.scrubbed(environment)
    environment["GIT_TERMINAL_PROMPT"] = "0"
    self.environment = environment
  }

  /// Clones `source`. Where that is a working copy of this machine with an origin of its own, agents are to push to that
  /// origin and to compare with it: it becomes the clone's origin, and the copy the remote `local`.
  ///
  /// - Returns: what the clone has as its origin.
  /// - Throws: ``CommandRefusal`` with git's own words.
  func make(from source: String, at path: String) async throws -> String {
    complain("cloning \(displayable(source)) …", program: "gt")
    try Disk.makeDirectory(Disk.parent(of: path))
    _ = try await git(["clone", "--quiet", "--", source, path], "git clone", deadline: .seconds(1_800))
    guard let copy = workingCopy(source), let origin = try await origin(of: copy) else { return source }
    _ = try await git(["-C", path, "remote", "add", "local", copy], "git remote add")
    _ = try await git(["-C", path, "remote", "set-url", "origin", origin], "git remote set-url")
    let remotes = "its origin is \(displayable(origin)), and \(displayable(copy)) is the remote 'local'"
    do {
      _ = try await git(["-C", path, "fetch", "--quiet", "--prune", "origin"], "git fetch", deadline: .seconds(120))
      _ = try await git(["-C", path, "remote", "set-head", "origin", "--auto"], "git remote set-head")
      complain(remotes, program: "gt")
    } catch {
      complain("\(remotes); it could not be fetched, and shows the state of that copy: \(error)", program: "gt")
    }
    return origin
  }

  /// The directory of this machine that `source` names; `nil` where it is somewhere else.
  private func workingCopy(_ source: String) -> String? {
    let path = source.hasPrefix("file://") ? String(source.dropFirst("file://".count)) : source
    guard let resolved = Disk.canonical(path), Disk.exists("\(resolved)/.git") else { return nil }
    return resolved
  }

  /// The origin of a working copy, as another directory can use it.
  private func origin(of copy: String) async throws -> String? {
    let command = Command(
      "git", ["-C", copy, "config", "--get", "remote.origin.url"], environment: environment, deadline: .seconds(10))
    let result = try await runner.run(command)
    guard result.succeeded else { return nil }
    let url = result.output.split(separator: "\n").first.map(String.init) ?? ""
    guard !url.isEmpty else { return nil }
    // A path is relative to the copy; anything with a colon before its first slash is a URL or a host.
    let isPath = url.hasPrefix("/") || !url.prefix { $0 != "/" }.contains(":")
    if !isPath || url.hasPrefix("/") { return url }
    return Disk.canonical("\(copy)/\(url)") ?? url
  }

  private func git(_ arguments: [String], _ what: String, deadline: Duration = .seconds(30)) async throws -> String {
    let result = try await runner.run(Command("git", arguments, environment: environment, deadline: deadline))
    guard result.succeeded else { throw CommandRefusal("\(what) failed: \(result.complaint)") }
    return result.output
  }
}
