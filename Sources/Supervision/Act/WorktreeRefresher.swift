// SPDX-License-Identifier: Apache-2.0

package import Commands
internal import Faults
internal import Processes
internal import TownFiles

/// Brings a polecat's worktree up to date before a restart, where that can be done without losing
/// anything: only where its directory is itself the top of a worktree, is clean, has no operation in
/// progress, and its branch has no upstream of its own.
package actor WorktreeRefresher {
  private let runner: any CommandRunner
  private let environment: [String: String]
  /// For everything that is done before one restart.
  private let deadline: Duration
  /// Whether the town's beads are `bd`'s, which are brought up to date with the worktree.
  private let syncsBeads: Bool
  /// Fetches under way, by repository: however many agents restart, a repository is fetched once.
  private var fetches: [String: Task<String?, Never>] = [:]
  /// When a repository was last fetched. Starts that follow one another need not fetch again.
  private var fetched: [String: ContinuousClock.Instant] = [:]
  private static let freshness: Duration = .seconds(30)

  package init(runner: any CommandRunner, environment: [String: String], deadline: Duration, syncsBeads: Bool) {
    self.syncsBeads = syncsBeads
    self.runner = runner
    var environment = ChildEnvironment.scrubbed(environment)
    // Not even the index of a worktree that is left alone is written anew.
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    // Nobody is there to be asked for a password, and hooks must not wait for an editor.
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_EDITOR"] = "true"
    environment["LC_ALL"] = "C"
    self.environment = environment
    self.deadline = deadline
  }

  /// - Returns: what a person should know; empty where the worktree is as fresh as it can be.
  package func refresh(_ directory: String) async -> [String] {
    // The top of a worktree has it, as a directory or as a file; nothing else needs a process to be told.
    guard Disk.exists("\(directory)/.git") else { return [] }
    let end = ContinuousClock.now + deadline
    do {
      guard let top = try await git(["rev-parse", "--show-toplevel"], in: directory, until: end),
        top == directory
      else { return [] }
      guard
        let common = try await git(
          ["rev-parse", "--path-format=absolute", "--git-common-dir"], in: directory, until: end)
      else { return [] }
      var warnings = try await undoAbandoned(directory, until: end)
      if let remotes = try await git(["remote"], in: directory, until: end), !remotes.isEmpty {
        if let warning = await fetch(common, in: directory, until: end) {
          warnings.append(warning)
        } else {
          FaultPoint.worktreeFetched.pass()
          warnings += try await rebase(directory, until: end)
          FaultPoint.worktreeRebased.pass()
        }
      }
      return warnings + (await syncBeads(in: directory, until: end))
    } catch {
      return ["the worktree was not refreshed: \(error)"]
    }
  }

  private func fetch(_ repository: String, in directory: String, until end: ContinuousClock.Instant) async -> String? {
    if let running = fetches[repository] { return await running.value }
    if let last = fetched[repository], .now - last < WorktreeRefresher.freshness { return nil }
    let task = Task<String?, Never> {
      do {
        let result = try await self.run(["fetch", "--quiet"], in: directory, until: end)
        return result.succeeded ? nil : "git fetch failed: \(firstLine(result.complaint))"
      } catch {
        return "git fetch: \(reason(error))"
      }
    }
    fetches[repository] = task
    let warning = await task.value
    fetches[repository] = nil
    if warning == nil { fetched[repository] = .now }
    return warning
  }

  private func syncBeads(in directory: String, until end: ContinuousClock.Instant) async -> [String] {
    guard syncsBeads else { return [] }
    var environment = self.environment
    environment["BEADS_NO_DAEMON"] = "1"
    let command = Command(
      "bd", ["sync"], environment: environment, workingDirectory: directory,
      deadline: max(end - .now, .milliseconds(1)))
    do {
      let result = try await runner.run(command)
      return result.succeeded ? [] : ["bd sync failed: \(firstLine(result.complaint))"]
    } catch {
      return ["bd sync: \(reason(error))"]
    }
  }

  private func rebase(_ directory: String, until end: ContinuousClock.Instant) async throws -> [String] {
    guard let status = try await git(["status", "--porcelain"], in: directory, until: end), status.isEmpty else {
      return []
    }
    let operations = [
      "rebase-merge", "rebase-apply", "sequencer", "MERGE_HEAD", "CHERRY_PICK_HEAD", "REVERT_HEAD", "BISECT_LOG",
    ]
    guard
      let paths = try await git(
        ["rev-parse", "--path-format=absolute"] + operations.flatMap { ["--git-path", $0] }, in: directory, until: end),
      !paths.split(separator: "\n").contains(where: { Disk.exists(String($0)) })
    else { return [] }
    // A branch with an upstream of its own may have been pushed: rewriting it is not ours to do.
    if try await git(["rev-parse", "--abbrev-ref", "@{upstream}"], in: directory, until: end) != nil { return [] }
    guard let branch = try await git(["symbolic-ref", "--quiet", "--short", "HEAD"], in: directory, until: end),
      // The same for one that was pushed without being told so.
      try await git(
        ["rev-parse", "--verify", "--quiet", "refs/remotes/origin/\(branch)"], in: directory, until: end) == nil,
      let base = try await git(
        ["rev-parse", "--verify", "--quiet", "refs/remotes/origin/HEAD"], in: directory, until: end)
    else { return [] }
    guard let note = try await notePath(in: directory, until: end) else { return [] }
    do throws(TownFileError) { try Disk.write([], to: note) } catch { return ["the rebase was not begun: \(error)"] }
    defer { try? Disk.remove(note) }
    do {
      if try await run(["rebase", "--quiet", base], in: directory, until: end).succeeded { return [] }
    } catch {
      return try await abort(directory, because: reason(error))
    }
    return try await abort(directory, because: "it conflicts")
  }

  /// Where it stands that a rebase of ours is under way: beside git's own notes of that.
  private func notePath(in directory: String, until end: ContinuousClock.Instant) async throws -> String? {
    try await git(
      ["rev-parse", "--path-format=absolute", "--git-path", "gastown-rebase"], in: directory, until: end)
  }

  /// Undoes a rebase of a daemon that was killed in the middle of it, and git with it. The agent would find itself
  /// on no branch, and nobody would refresh its worktree ever again.
  private func undoAbandoned(_ directory: String, until end: ContinuousClock.Instant) async throws -> [String] {
    guard let note = try await notePath(in: directory, until: end), Disk.exists(note) else { return [] }
    let paths = try await git(
      ["rev-parse", "--path-format=absolute", "--git-path", "rebase-merge", "--git-path", "index.lock"],
      in: directory, until: end)
    guard let paths = paths?.split(separator: "\n").map(String.init), paths.count == 2 else { return [] }
    let table = ProcessTable()
    let isAtWork = table.all().contains {
      $0.isAlive && $0.name.hasPrefix("git") && table.workingDirectory(of: $0.pid) == directory
    }
    // Once only: what comes after this is the agent's own work.
    try? Disk.remove(note)
    // Without a service manager git goes on when the daemon is killed.
    if isAtWork { return ["a rebase that an earlier daemon has begun is still under way"] }
    guard Disk.exists(paths[0]) else { return [] }
    // Of that same git.
    try? Disk.remove(paths[1])
    return try await abort(directory, because: "the daemon was ended in the middle of it")
  }

  /// Undoes a rebase that did not go through. It has seconds of its own: a deadline that has passed
  /// must not leave the worktree in the middle of something.
  private func abort(_ directory: String, because reason: String) async throws -> [String] {
    // In a task of its own: a daemon that is just being stopped must not leave it half done either.
    let result = try await Task {
      try await self.run(["rebase", "--abort"], in: directory, until: .now + .seconds(5))
    }.value
    return ["the rebase was given up (\(reason))" + (result.succeeded ? "" : ": \(firstLine(result.complaint))")]
  }

  /// What a git command prints, without the last newline; `nil` where it fails.
  private func git(_ arguments: [String], in directory: String, until end: ContinuousClock.Instant) async throws
    -> String?
  {
    let result = try await run(arguments, in: directory, until: end)
    guard result.succeeded else { return nil }
    var text = result.output[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }

  private func run(_ arguments: [String], in directory: String, until end: ContinuousClock.Instant) async throws
    -> CommandResult
  {
    let left = end - .now
    let command = Command(
      "git", arguments, environment: environment, workingDirectory: directory, deadline: max(left, .milliseconds(1)))
    return try await runner.run(command)
  }
}

private func firstLine(_ text: String) -> String {
  text.split(separator: "\n").first.map { String($0.prefix(400)) } ?? "no reason given"
}

private func reason(_ error: any Error) -> String {
  (error as? CommandError)?.reason ?? "\(error)"
}
