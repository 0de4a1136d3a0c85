// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import Supervision
import Synchronization
import TestSupport
import Testing

/// Refreshing worktrees with a real git: what is brought up to date, and above all what is left alone.
@Suite(.requires(executable: "git"), .timeLimit(.minutes(2))) struct WorktreeRefresherTests {
  @Test func `a clean branch of its own is put on top of what is new at origin`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.advance()
      #expect(await git.refresher().refresh(place) == [])
      #expect(try await git.isFresh(place))
      #expect(TestFile.text("\(place)/shared") == "two\n" && TestFile.text("\(place)/mine") == "work\n")
      #expect(try await git.git("symbolic-ref", "HEAD", in: place) == "refs/heads/polecat/toast")
      #expect(try await git.git("status", "--porcelain", in: place) == "")
    }
  }

  enum Dirt: String, CaseIterable { case changed, staged, untracked, deleted, both, touched }

  @Test(arguments: Dirt.allCases)
  func `what is not committed is left byte for byte`(dirt: Dirt) async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      if ![.untracked, .touched].contains(dirt) { TestFile.write("staged\n", to: "\(place)/shared") }
      switch dirt {
      case .changed: break
      case .staged: try await git.git("add", "shared", in: place)
      case .untracked: TestFile.write("untracked\n", to: "\(place)/new")
      case .touched:
        // git would like to note that the other file is as it was.
        try await git.commit("mine", "work\n", in: place)
        TestFile.write("work\n", to: "\(place)/mine")
        TestFile.write("untracked\n", to: "\(place)/new")
      case .deleted: try await git.git("rm", "--quiet", "-f", "shared", in: place)
      case .both:
        try await git.git("add", "shared", in: place)
        TestFile.write("worked on\n", to: "\(place)/shared")
      }
      try await git.advance()
      let before = try await git.state(place)
      #expect(await git.refresher().refresh(place) == [])
      #expect(try await git.state(place) == before)
    }
  }

  enum Operation: String, CaseIterable { case merge, rebase, cherryPick, revert, sequence, bisect, am }

  @Test(arguments: Operation.allCases)
  func `an operation in progress is left alone`(operation: Operation) async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.advance()
      // Each leaves a clean tree behind, so that nothing but the operation itself speaks of it.
      switch operation {
      case .merge:
        try await git.git("branch", "other", "HEAD~1", in: place)
        try await git.git("commit", "--quiet", "--allow-empty", "-m", "empty", in: git.rig)
        try await git.git("merge", "--quiet", "-s", "ours", "--no-commit", "main", in: place)
      case .rebase:
        try await git.git(
          "-c", "sequence.editor=sed -i s/^pick/edit/", "rebase", "--quiet", "-i", "HEAD~1", in: place)
      case .cherryPick: try await git.git(["cherry-pick", "HEAD"], in: place, mayFail: true)
      case .revert:
        try await git.commit("shared", "three\n", in: place)
        try await git.commit("shared", "four\n", in: place)
        try await git.git(["revert", "--no-edit", "HEAD~1"], in: place, mayFail: true)
        try await git.git("checkout", "HEAD", "--", "shared", in: place)
      case .sequence:
        // Of two picks the first was committed by hand.
        try await git.commit("shared", "three\n", in: place)
        try await git.git("fetch", "--quiet", in: place)
        try await git.advance("shared", "four\n")
        try await git.git("fetch", "--quiet", in: place)
        try await git.git(["cherry-pick", "origin/main~1", "origin/main"], in: place, mayFail: true)
        try await git.commit("shared", "five\n", in: place)
      case .bisect: try await git.git("bisect", "start", in: place)
      case .am:
        TestFile.write(
          "From 0 Mon Sep 17 00:00:00 2001\nFrom: A <a@b>\nSubject: x\n\nnothing\n---\n", to: git.directory("mail"))
        try await git.git(["am", git.directory("mail")], in: place, mayFail: true)
      }
      try #require(try await git.git("status", "--porcelain", in: place) == "")
      let before = try await git.state(place) + [git.git("status", in: place)]
      #expect(await git.refresher().refresh(place) == [])
      #expect(try await git.state(place) + [git.git("status", in: place)] == before)
    }
  }

  @Test(arguments: [["-u"], []])
  func `a branch that was pushed, with an upstream or without, is not rewritten`(options: [String]) async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.git(["push", "--quiet"] + options + ["origin", "polecat/toast"], in: place, mayFail: false)
      try await git.advance()
      let before = try await git.state(place)
      #expect(await git.refresher().refresh(place) == [])
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `a detached HEAD is left where it is`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.git("checkout", "--quiet", "--detach", in: place)
      try await git.advance()
      let before = try await git.state(place)
      #expect(await git.refresher().refresh(place) == [])
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `after a conflict everything is as before, and that is said`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("shared", "mine\n", in: place)
      try await git.advance()
      let (head, branch) = (try await git.head(place), try await git.git("symbolic-ref", "HEAD", in: place))
      let warnings = await git.refresher().refresh(place)
      #expect(warnings.count == 1 && warnings[0].contains("given up (it conflicts)"), "\(warnings)")
      #expect(try await git.head(place) == head)
      #expect(try await git.git(["symbolic-ref", "HEAD"], in: place, mayFail: true) == branch)
      #expect(try await git.git("status", "--porcelain", in: place) == "")
      #expect(TestFile.text("\(place)/shared") == "mine\n")
    }
  }

  @Test func `a rebase that hangs is undone, although the hook that hangs would hang that too`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.advance()
      git.hook("post-checkout", "sleep 1000")
      let (head, branch) = (try await git.head(place), try await git.git("symbolic-ref", "HEAD", in: place))
      let warnings = await git.refresher(hanging: "rebase").refresh(place)
      #expect(warnings.count == 1 && warnings[0].contains("given up (no end after"), "\(warnings)")
      #expect(try await git.head(place) == head)
      #expect(try await git.git(["symbolic-ref", "HEAD"], in: place, mayFail: true) == branch)
      #expect(!TestFile.exists("\(git.rig)/.git/worktrees/toast/rebase-merge"))
      try await eventually("its processes' end") { git.processes.isEmpty }
    }
  }

  @Test func `a fetch that hangs is ended at the deadline with all that it started`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.git("config", "protocol.ext.allow", "always", in: git.rig)
      try await git.git("config", "remote.origin.url", "ext::sleep 1000", in: git.rig)
      let before = try await git.state(place)
      let warnings = await git.refresher(hanging: "fetch").refresh(place)
      #expect(warnings.count == 1 && warnings[0].hasPrefix("git fetch: no end after"), "\(warnings)")
      // What was killed may need a moment to be gone.
      try await eventually("its processes' end") { git.processes.isEmpty }
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `a remote that is gone is a warning, and nothing is rebased`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.git("config", "remote.origin.url", git.directory("gone.git"), in: git.rig)
      let before = try await git.state(place)
      let warnings = await git.refresher().refresh(place)
      #expect(warnings.count == 1 && warnings[0].hasPrefix("git fetch failed: "), "\(warnings)")
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `a directory below the top of a worktree is not that worktree`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.advance()
      let before = try await git.state(place)
      let inner = git.directory.makeDirectory("toast/inner")
      #expect(await git.refresher().refresh(inner) == [])
      #expect(try await git.state(place) == before)
      #expect(git.runner.count == 0, "no process is needed to see that")
      // Nor with something in it that only looks like one.
      git.directory.makeDirectory("toast/inner/.git")
      #expect(await git.refresher().refresh(inner) == [])
      #expect(git.runner.commands.map(\.arguments.first) == ["rev-parse"])
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `where there is no repository nothing is done and nothing said`() async throws {
    try await GitFixture.with { git in
      let place = git.directory.makeDirectory("plain")
      #expect(await git.refresher().refresh(place) == [])
      #expect(git.runner.count == 0)
    }
  }

  @Test func `a repository without a remote is left alone`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.git("remote", "remove", "origin", in: git.rig)
      #expect(await git.refresher().refresh(place) == [])
      #expect(!git.runner.commands.contains { $0.arguments.first == "fetch" })
    }
  }

  @Test func `polecats that are started together, or soon after one another, fetch their repository once`() async throws
  {
    let listed = Mutex(0)
    // The fetch waits until all have come as far as that.
    try await GitFixture.with(interceptor: { command in
      switch command.arguments.first {
      case "remote": listed.withLock { $0 += 1 }
      case "fetch":
        try await eventually("five") { listed.withLock { $0 == 5 } }
      default: break
      }
    }) { git in
      var places: [String] = []
      for number in 1...5 { places.append(try await git.worktree("p\(number)")) }
      try await git.advance()
      let refresher = git.refresher()
      await withTaskGroup { group in
        for place in places { group.addTask { #expect(await refresher.refresh(place) == []) } }
      }
      let late = try await git.worktree("late")
      #expect(await refresher.refresh(late) == [])
      #expect(git.runner.commands.count { $0.arguments.first == "fetch" } == 1)
      for place in places { #expect(try await git.isFresh(place)) }
    }
  }

  @Test func `nobody is asked for an editor, a password or anything else`() async throws {
    try await GitFixture.with(variables: ["EDITOR": "sleep 1000", "VISUAL": "sleep 1000", "GIT_EDITOR": "sleep 1000"]) {
      git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.advance()
      let log = git.directory("log")
      git.hook(
        "pre-rebase",
        """
        $(git var GIT_EDITOR) && echo edited >>\(log)
        if read -r answer </dev/tty; then echo terminal >>\(log); fi 2>/dev/null
        if read -r answer; then echo input >>\(log); fi
        exit 0
        """)
      #expect(await git.refresher().refresh(place) == [])
      #expect(TestFile.text(log) == "edited\n")
      #expect(try await git.isFresh(place))
    }
  }

  @Test func `a password that ssh wants is not waited for`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      TestFile.write(
        "#!/bin/bash\nread -r password </dev/tty || { echo no terminal >&2; exit 1; }\n", to: git.directory("ssh"),
        mode: 0o755)
      try await git.git("config", "core.sshCommand", git.directory("ssh"), in: git.rig)
      try await git.git("config", "remote.origin.url", "ssh://localhost/nowhere", in: git.rig)
      let warnings = await git.refresher().refresh(place)
      #expect(warnings.count == 1 && warnings[0].hasPrefix("git fetch failed: "), "\(warnings)")
    }
  }

  @Test func `a git hook's own variables lead to no other repository`() async throws {
    try await TemporaryDirectory.with { other in
      try await GitFixture.with(variables: ["GIT_DIR": "\(other)/.git", "GIT_INDEX_FILE": "\(other)/index"]) { git in
        try await git.git("clone", "--quiet", git.directory("origin.git"), "\(other)/clone", in: git.rig)
        try await git.git("clone", "--quiet", "--bare", git.directory("origin.git"), "\(other)/.git", in: git.rig)
        let place = try await git.worktree()
        try await git.advance()
        #expect(await git.refresher().refresh(place) == [])
        #expect(try await git.isFresh(place))
      }
    }
  }
}
