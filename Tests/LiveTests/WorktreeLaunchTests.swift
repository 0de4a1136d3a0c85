// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Glibc
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// What is looked at before an agent is put into a worktree.
@Suite(.requires(executable: "tmux"), .requires(executable: "git"), .timeLimit(.minutes(2)))
struct WorktreeLaunchTests {
  private let toast = LiveTownFixture.toast

  /// Runs a script with git, with an author for its commits.
  private func git(_ script: String, _ words: String..., in town: LiveTownFixture) async throws {
    let person = [
      "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@localhost", "GIT_COMMITTER_NAME": "Ada",
      "GIT_COMMITTER_EMAIL": "ada@localhost",
    ]
    try await town.run(["sh", "-c", "set -e\n\(script)", "sh"] + words, variables: person)
  }

  /// A repository without a remote, and a worktree of it.
  private func makeWorktree(_ work: String, of repository: String, in town: LiveTownFixture) async throws {
    for directory in [repository, Disk.parent(of: work)] { try Disk.makeDirectory(directory) }
    let script = """
      git init -q -b main "$1"; git -C "$1" commit -q --allow-empty -m one
      git -C "$1" worktree add -q -b polecat/toast "$2"
      """
    try await git(script, repository, work, in: town)
  }

  /// A worktree of toast's, without a remote.
  private func makeWorktree(_ town: LiveTownFixture) async throws -> String {
    let work = town.layout.directory(of: toast)
    try await makeWorktree(work, of: town.layout.path("rig/mayor/rig"), in: town)
    _ = try await town.store.createAgent(toast, state: .working, hook: "gt-w")
    return work
  }

  /// A worktree of toast's, and as many commits that were pushed to its origin since.
  private func makeWorktree(_ town: LiveTownFixture, behindBy count: Int) async throws -> String {
    let work = town.layout.directory(of: toast)
    try Disk.makeDirectory(Disk.parent(of: work))
    let script = """
      git init -q --bare -b main "$1"
      git clone -q "$1" "$2"; git -C "$2" commit -q --allow-empty -m first; git -C "$2" push -q origin HEAD:main
      git clone -q "$1" "$3"; git -C "$3" worktree add -q -b polecat/toast "$4"
      for number in $(seq "$5"); do git -C "$2" commit -q --allow-empty -m "$number"; done
      git -C "$2" push -q origin HEAD:main
      """
    try await git(
      script, town.directory("origin.git"), town.directory("peer"), town.layout.path("rig/mayor/rig"), work, "\(count)",
      in: town)
    _ = try await town.store.createAgent(toast, state: .working, hook: "gt-w")
    return work
  }

  private func entry(_ town: LiveTownFixture) -> String { town.layout.path("rig/mayor/rig/.git/worktrees/toast") }

  @Test func `in a town that was moved a worktree's link is mended before its agent starts, and that is said`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let work = try await makeWorktree(town)
      TestFile.write("gitdir: /former/rig/mayor/rig/.git/worktrees/toast\n", to: "\(work)/.git")
      TestFile.write("/former/rig/polecats/toast/.git\n", to: "\(entry(town))/gitdir")
      let outcome = await town.world.launch(town.order())
      #expect(outcome.warnings?.count == 1, "\(outcome)")
      #expect(outcome.warnings?.first?.contains("link between the worktree and its repository was repaired") == true)
      #expect(try await town.run(["git", "symbolic-ref", "HEAD"], in: work).output == "refs/heads/polecat/toast\n")
      #expect(TestFile.text("\(entry(town))/gitdir") == "\(work)/.git\n")
    }
  }

  @Test func `no agent is put where git would work on another repository, and that is told once its beads were read`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let work = try await makeWorktree(town)
      TestFile.write("gitdir: /nowhere\n", to: "\(work)/.git")
      let failure = await town.world.launch(town.order()).failed
      #expect(failure?.contains("its .git leads nowhere, to /nowhere") == true)
      #expect(await town.look().agents.first { $0.agent == toast }?.worktree.objection != nil)
      try await town.supervised { supervisor, journal in
        await supervisor.beat()
        try await eventually("what is said of it") { journal.count("restart_failed", toast) == 1 }
        #expect(journal.entries.contains { $0.message.contains("its worktree rig/polecats/toast/ is broken") })
        #expect(town.starts() == 0)
        #expect(await supervisor.lastFindings().first { $0.session == toast.session }?.decision == .stuck)
      }
    }
  }

  @Test func `no agent is put into the worktree of a copied town that leads to the original's repository`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let rig = town.directory("original/rig")
      try await makeWorktree("\(rig)/polecats/toast", of: "\(rig)/mayor/rig", in: town)
      try await town.run(["cp", "-a", rig, town.layout.root])
      let link = TestFile.text("\(town.layout.directory(of: toast))/.git")
      try #require(link == "gitdir: \(rig)/mayor/rig/.git/worktrees/toast\n")
      let failure = await town.world.launch(town.order()).failed
      let reason = "its .git leads to the repository \(rig)/mayor/rig/.git, which lists another worktree in its place"
      #expect(failure?.contains(reason) == true, "\(failure ?? "it was started")")
      #expect(try await town.pane() == nil)
      #expect(TestFile.text("\(town.layout.directory(of: toast))/.git") == link)
      #expect(TestFile.text("\(rig)/mayor/rig/.git/worktrees/toast/gitdir") == "\(rig)/polecats/toast/.git\n")
    }
  }

  @Test func `no agent is put into a worktree of a repository outside of the town`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let work = try await makeWorktree(town)
      try await town.run(["rm", "-r", work])
      let other = town.directory("other")
      try await makeWorktree(work, of: other, in: town)
      let failure = await town.world.launch(town.order()).failed
      let reason = "its .git leads to a repository outside of the town, \(other)/.git"
      #expect(failure?.contains(reason) == true, "\(failure ?? "it was started")")
      #expect(try await town.pane() == nil)
    }
  }

  @Test func `uncommitted work is left as it is, and the history of the start says by how much that is behind`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let work = try await makeWorktree(town, behindBy: 2)
      TestFile.write("mine\n", to: "\(work)/notes")
      let head = try await town.run(["git", "rev-parse", "HEAD"], in: work).output
      try await town.supervised { supervisor, _ in
        await supervisor.beat()
        _ = try await town.written("starts")
        let files = HistoryFiles(layout: town.layout)
        let reason = try await eventually("its start in its history") {
          try files.entries(of: toast.session).first { $0.what == EventKind.agentStarted.rawValue }?.reason
        }
        #expect(reason.contains("the worktree is left as it is, 2 commits behind origin's HEAD: "), "\(reason)")
        #expect(reason.contains("it has changes that are not committed"), "\(reason)")
      }
      #expect(town.starts() == 1)
      #expect(try await town.run(["git", "rev-parse", "HEAD"], in: work).output == head)
      #expect(TestFile.text("\(work)/notes") == "mine\n")
    }
  }

  @Test func `one that runs behind a symbolic link is known to be in its directory`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      let elsewhere = town.directory.makeDirectory("elsewhere")
      town.directory.makeDirectory("elsewhere/toast")
      town.directory.makeDirectory("town/rig")
      symlink(elsewhere, town.layout.path("rig/polecats"))
      _ = try await town.store.createAgent(toast, state: .working, hook: "gt-w")
      try await town.tmux(
        "new-session", "-d", "-s", toast.session, "-c", town.layout.directory(of: toast), "sleep", "1000")
      guard case .alive(_, let place) = try await town.liveness() else {
        Issue.record("\(try await town.liveness())")
        return
      }
      #expect(place.objection == nil, "\(place)")
    }
  }
}
