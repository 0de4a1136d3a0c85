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

  /// A worktree of toast's, without a remote.
  private func makeWorktree(_ town: LiveTownFixture) async throws -> String {
    let rig = town.directory.makeDirectory("town/rig/mayor/rig")
    let work = town.layout.directory(of: toast)
    try Disk.makeDirectory(Disk.parent(of: work))
    let script = """
      set -e
      git init -q -b main "$1"; git -C "$1" commit -q --allow-empty -m one
      git -C "$1" worktree add -q -b polecat/toast "$2"
      """
    let person = [
      "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@localhost", "GIT_COMMITTER_NAME": "Ada",
      "GIT_COMMITTER_EMAIL": "ada@localhost",
    ]
    try await town.run(["sh", "-c", script, "sh", rig, work], variables: person)
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
