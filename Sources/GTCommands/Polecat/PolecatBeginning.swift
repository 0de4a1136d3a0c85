// SPDX-License-Identifier: Apache-2.0

import Commands
import CommandSupport
import Supervision
import Town
import TownFiles

/// Where a new polecat's work begins: origin's HEAD, on a branch that no other worktree uses.
struct PolecatBeginning: Sendable {
  let git: RigGit
  let polecat: AgentIdentity

  struct Place: Sendable {
    var commit: String
    /// As a person calls it.
    var name: String
    /// What a person should know of it.
    var cautions: [String]
  }

  /// The commit, after a fetch.
  ///
  /// - Throws: `CommandRefusal` where there is none.
  func place() async throws -> Place {
    var cautions: [String] = []
    let remotes = try await git.line("remote")?.split(separator: "\n") ?? []
    let hasOrigin = remotes.contains("origin")
    if hasOrigin {
      if let failure = await fetch() {
        cautions.append("origin could not be asked (\(failure)): it starts at the commit that was fetched before")
      }
      if let commit = try await git.line("rev-parse", "--verify", "--quiet", "refs/remotes/origin/HEAD^{commit}") {
        return Place(commit: commit, name: "origin's HEAD", cautions: cautions)
      }
      cautions.append("the branch of origin's HEAD is unknown: it starts at the HEAD of \(git.path)")
    }
    guard let commit = try await git.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}") else {
      let fetched = cautions.first.map { hasOrigin ? " (\($0))" : "" } ?? ""
      throw CommandRefusal(
        "the repository of \(git.rig), \(git.path), has no commit to start at\(fetched); make the first one"
          + (hasOrigin ? ", push it to origin," : "") + " and repeat this")
    }
    return Place(commit: commit, name: "the HEAD of \(git.path)", cautions: cautions)
  }

  /// - Returns: why origin could not be asked; `nil` where it was.
  private func fetch() async -> String? {
    do {
      let fetched = try await git.run(["fetch", "--quiet", "origin"], deadline: .seconds(120))
      guard fetched.succeeded else { return RigGit.reason(fetched) }
      // Which branch that is may have changed, and is not known where the repository was empty when it was cloned.
      try await git.run(["remote", "set-head", "origin", "--auto"])
      return nil
    } catch {
      return (error as? CommandError)?.reason ?? "\(error)"
    }
  }

  /// Chooses the branch, and puts one that is used again on the commit.
  ///
  /// - Returns: its name, whether it is there already, and what is to be said of those that are left as they are.
  func branch(at place: Place) async throws -> (name: String, isThere: Bool, words: [String]) {
    let branches = try await branches(at: place.commit)
    let choice = BranchRule.choose(for: polecat.name ?? "", among: branches.map(\.branch))
    if choice.isForwarded, let former = branches.first(where: { $0.branch.isLocal && $0.branch.name == choice.name }) {
      // Not where it has been moved meanwhile.
      let moved = try await git.run([
        "update-ref", "-m", "gt polecat add: fast-forward", "refs/heads/\(choice.name)", place.commit, former.commit,
      ])
      guard moved.succeeded else {
        throw CommandRefusal("the branch \(choice.name) could not be fast-forwarded: \(RigGit.reason(moved))")
      }
    }
    var words: [String] = []
    for kept in choice.kept {
      let commits = branches.filter { $0.branch.name == kept }.map(\.commit)
      let counted = try await git.run(["rev-list", "--count"] + commits + ["--not", place.commit])
      let ahead = counted.succeeded ? Int(counted.output.filter { !$0.isWhitespace }) : nil
      let what = ahead.map { $0 == 0 ? "is in use" : "has \(Town.counted($0, "commit")) of a former polecat" }
      words.append("The branch \(kept) \(what ?? "is there already"); it is left as it is.")
    }
    return (choice.name, choice.isForwarded, words)
  }

  private func branches(at commit: String) async throws -> [(branch: BranchRule.Branch, commit: String)] {
    func refs(_ words: String...) async throws -> [[Substring]] {
      let format = "--format=%(refname) %(objectname) %(worktreepath)"
      let result = try await git.run(["for-each-ref", format] + words + ["refs/heads", "refs/remotes"])
      guard result.succeeded else { throw CommandRefusal("the branches cannot be listed: \(RigGit.reason(result))") }
      return result.output.split(separator: "\n").map {
        $0.split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
      }
    }
    let all = try await refs()
    let apart = Set(try await refs("--no-merged=\(commit)").compactMap(\.first))
    return all.compactMap { fields in
      guard fields.count == 3, let reference = fields.first else { return nil }
      let parts = reference.split(separator: "/")
      let isLocal = reference.hasPrefix("refs/heads/")
      let branch = BranchRule.Branch(
        name: parts.dropFirst(isLocal ? 2 : 3).joined(separator: "/"), isLocal: isLocal,
        isContained: !apart.contains(reference), isCheckedOut: !fields[2].isEmpty)
      return (branch, String(fields[1]))
    }
  }
}
