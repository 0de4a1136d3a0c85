// SPDX-License-Identifier: Apache-2.0

package import Beads
package import Commands
import Faults
import Processes
import Town
import TownFiles

/// Brings a polecat's worktree up to date before a start, where that can be done without losing anything: only where its
/// directory is itself the top of a worktree, is clean and has no operation in progress, and where no commit that was
/// pushed would be written anew. What is not done is said, with by how much it is behind.
package actor WorktreeRefresher {
  private let runner: any CommandRunner
  private let environment: [String: String]
  /// For everything that is done before one restart.
  private let deadline: Duration
  /// Brings the town's beads up to date with the worktree, where they are `bd`'s.
  private let sync: BdSync?
  /// Fetches under way, by repository: however many agents restart, a repository is fetched once.
  private var fetches: [String: Task<String?, Never>] = [:]
  /// When a repository was last fetched. Starts that follow one another need not fetch again.
  private var fetched: [String: ContinuousClock.Instant] = [:]
  private static let freshness: Duration = .seconds(30)

  package init(runner: any CommandRunner, environment: [String: String], deadline: Duration, sync: BdSync?) {
    self.sync = sync
    self.runner = runner
    // A hook of git's may run bd.
    var environment = ChildEnvironment.withoutBeads(environment)
    // Not even the index of a worktree that is left alone is written anew.
    environment["GIT_OPTIONAL_LOCKS"] = "0"
    // There is no terminal at which a password could be asked for, and hooks must not wait for an editor.
    environment["GIT_TERMINAL_PROMPT"] = "0"
    environment["GIT_EDITOR"] = "true"
    environment["LC_ALL"] = "C"
    self.environment = environment
    self.deadline = deadline
  }

  /// - Returns: what a person should know; empty where the worktree is as fresh as it can be.
  /// - Throws: ``UnfitWorktree`` where it was left in the middle of a rebase of ours that cannot be undone now.
  package func refresh(_ directory: String) async throws(UnfitWorktree) -> [String] {
    // The top of a worktree has it, as a directory or as a file; nothing else needs a process to be told.
    guard Disk.exists("\(directory)/.git"), let place = Disk.canonical(directory) else { return [] }
    let end = ContinuousClock.now + deadline
    do {
      let top = try await run(["rev-parse", "--show-toplevel"], in: place, until: end)
      guard top.succeeded else { return ["the worktree was not refreshed: \(firstLine(top.complaint))"] }
      guard top.line == place else {
        return ["the worktree was not refreshed: for git it is a part of \(firstLine(top.line))"]
      }
      guard
        let common = try await git(["rev-parse", "--path-format=absolute", "--git-common-dir"], in: place, until: end)
      else { return ["the worktree was not refreshed: git does not tell its repository"] }
      var warnings = try await undoAbandoned(place, until: end)
      guard let remotes = try await git(["remote"], in: place, until: end) else {
        return warnings + ["the worktree was not refreshed: git does not tell its remotes"]
      }
      if !remotes.isEmpty {
        let hasOrigin = remotes.split(separator: "\n").contains("origin")
        if let warning = await fetch(hasOrigin ? ["origin"] : [], of: common, in: place, until: end) {
          warnings.append(warning + (await distance(of: place)))
        } else {
          FaultPoint.worktreeFetched.pass()
          warnings += try await advance(place, until: end)
          FaultPoint.worktreeRebased.pass()
        }
      }
      return warnings + (try await syncBeads(in: place, until: end))
    } catch let unfit as UnfitWorktree {
      throw unfit
    } catch {
      return ["the worktree was not refreshed: \(error)"]
    }
  }

  private func fetch(
    _ remote: [String], of repository: String, in directory: String, until end: ContinuousClock.Instant
  ) async -> String? {
    if let running = fetches[repository] { return await running.value }
    if let last = fetched[repository], .now - last < WorktreeRefresher.freshness { return nil }
    let task = Task<String?, Never> {
      do {
        let result = try await self.run(["fetch", "--quiet"] + remote, in: directory, until: end)
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

  /// `bd sync` commits and pulls: where work of the agent's lies in the worktree, it is left alone.
  private func syncBeads(in directory: String, until end: ContinuousClock.Instant) async throws -> [String] {
    guard let sync, try await unrest(in: directory, until: end) == nil else { return [] }
    let warning = await sync.run(in: directory, deadline: max(end - .now, .milliseconds(1)))
    return warning.map { [$0] } ?? []
  }

  /// Puts a branch on top of what is new at origin's HEAD, or says why it is left behind.
  private func advance(_ directory: String, until end: ContinuousClock.Instant) async throws -> [String] {
    guard
      let base = try await git(
        ["rev-parse", "--verify", "--quiet", "refs/remotes/origin/HEAD^{commit}"], in: directory, until: end)
    else {
      return [
        "the worktree was not brought up to date: which branch is origin's HEAD is not known; to ask origin: "
          + "git remote set-head origin --auto"
      ]
    }
    guard let count = try await count("HEAD..\(base)", in: directory, until: end) else {
      return ["the worktree was not brought up to date: git does not tell by how much it is behind origin's HEAD"]
    }
    guard count > 0 else { return [] }
    if let objection = try await objection(toMovingOnto: base, in: directory, until: end) {
      return ["the worktree is left as it is, \(counted(count, "commit")) behind origin's HEAD: \(objection)"]
    }
    let failures = try await rebase(directory, onto: base, until: end)
    return failures.map { "\($0); the worktree is \(counted(count, "commit")) behind origin's HEAD" }
  }

  /// By how much a worktree is behind what was fetched of origin before; empty where git does not tell. It has a second of
  /// its own: the deadline of the fetch may have passed.
  private func distance(of directory: String) async -> String {
    let end = ContinuousClock.now + .seconds(1)
    guard let count = try? await count("HEAD..refs/remotes/origin/HEAD", in: directory, until: end), count > 0 else {
      return ""
    }
    return "; the worktree is \(counted(count, "commit")) behind what was fetched before"
  }

  /// What uncommitted work lies in a worktree; `nil` where nothing is changed or new, and no operation in progress.
  private func unrest(in directory: String, until end: ContinuousClock.Instant) async throws -> String? {
    guard let status = try await git(["status", "--porcelain"], in: directory, until: end) else {
      return "git does not tell whether it is clean"
    }
    guard status.isEmpty else { return "it has changes that are not committed" }
    let operations = [
      "rebase-merge": "a rebase", "rebase-apply": "a rebase or git am", "sequencer": "a sequence of commits",
      "MERGE_HEAD": "a merge", "CHERRY_PICK_HEAD": "a cherry-pick", "REVERT_HEAD": "a revert",
      "BISECT_LOG": "a bisection",
    ].sorted { $0.key < $1.key }
    guard let paths = try await paths(operations.map(\.key), in: directory, until: end) else {
      return "git does not tell whether an operation is in progress"
    }
    if let (_, operation) = zip(paths, operations).first(where: { Disk.exists($0.0) }) {
      return "\(operation.value) is in progress"
    }
    return nil
  }

  /// Why a worktree is not put on top of a commit; `nil` where nothing can be lost by that.
  private func objection(
    toMovingOnto base: String, in directory: String, until end: ContinuousClock.Instant
  ) async throws -> String? {
    if let unrest = try await unrest(in: directory, until: end) { return unrest }
    guard let branch = try await git(["symbolic-ref", "--quiet", "--short", "HEAD"], in: directory, until: end) else {
      return "it is on no branch (detached HEAD)"
    }
    guard let own = try await count("\(base)..HEAD", in: directory, until: end) else {
      return "git does not tell what its branch has that origin's HEAD does not"
    }
    // What was pushed may be in use elsewhere: with an upstream, or without being told so.
    for name in ["@{upstream}", "refs/remotes/origin/\(branch)"] {
      guard
        let pushed = try await git(["rev-parse", "--verify", "--quiet", "\(name)^{commit}"], in: directory, until: end)
      else { continue }
      guard own == 0 else {
        return "its branch was pushed, and has \(counted(own, "commit")) that origin's HEAD does not have"
      }
      guard try await run(["merge-base", "--is-ancestor", pushed, base], in: directory, until: end).succeeded else {
        return "what was pushed of its branch is not in origin's HEAD"
      }
    }
    return nil
  }

  func reason(_ error: any Error) -> String { (error as? CommandError)?.reason ?? "\(error)" }

  /// Where git keeps files of these names for a worktree.
  func paths(
    _ names: [String], in directory: String, until end: ContinuousClock.Instant
  ) async throws -> [String]? {
    let words = ["rev-parse", "--path-format=absolute"] + names.flatMap { ["--git-path", $0] }
    let lines = try await git(words, in: directory, until: end)?.split(separator: "\n").map(String.init)
    return lines?.count == names.count ? lines : nil
  }

  /// How many commits are in a range.
  func count(_ range: String, in directory: String, until end: ContinuousClock.Instant) async throws -> Int? {
    try await git(["rev-list", "--count", range], in: directory, until: end).flatMap { Int($0) }
  }

  /// What a git command prints, without the last newline; `nil` where it fails.
  func git(_ arguments: [String], in directory: String, until end: ContinuousClock.Instant) async throws
    -> String?
  {
    let result = try await run(arguments, in: directory, until: end)
    return result.succeeded ? result.line : nil
  }

  func run(_ arguments: [String], in directory: String, until end: ContinuousClock.Instant) async throws
    -> CommandResult
  {
    let left = end - .now
    let command = Command(
      "git", arguments, environment: environment, workingDirectory: directory, deadline: max(left, .milliseconds(1)))
    return try await runner.run(command)
  }
}

/// The first line of what a command said, as it may be shown.
func firstLine(_ text: String) -> String {
  text.split(separator: "\n").first.map { displayable(String($0.prefix(400))) } ?? "no reason given"
}

extension CommandResult {
  /// What it printed, without the newlines at the end.
  fileprivate var line: String {
    var text = output[...]
    while text.last == "\n" { text.removeLast() }
    return String(text)
  }
}
