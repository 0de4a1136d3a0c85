// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Glibc
import Processes
import Supervision
import Synchronization
import TestSupport
import Testing
import TownFiles

/// Refreshing worktrees with a real git: what is brought up to date, and above all what is left alone.
@Suite(.requires(executable: "git"), .timeLimit(.minutes(2))) struct WorktreeRefresherTests {
  /// What is said of a worktree that is one commit behind.
  private let left = "the worktree is left as it is, 1 commit behind origin's HEAD: "

  @Test func `a clean branch of its own is put on top of what is new at origin`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.advance()
      #expect(try await git.refresher().refresh(place) == [])
      #expect(try await git.isFresh(place))
      #expect(TestFile.text("\(place)/shared") == "two\n" && TestFile.text("\(place)/mine") == "work\n")
      #expect(try await git.git("symbolic-ref", "HEAD", in: place) == "refs/heads/polecat/toast")
      #expect(try await git.git("status", "--porcelain", in: place) == "")
    }
  }

  enum Dirt: String, CaseIterable { case changed, staged, untracked, deleted, both, touched }

  @Test(arguments: Dirt.allCases)
  func `what is not committed is left byte for byte, and by how much it is behind is said`(dirt: Dirt) async throws {
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
      #expect(try await git.refresher().refresh(place) == [left + "it has changes that are not committed"])
      #expect(try await git.state(place) == before)
    }
  }

  enum Operation: String, CaseIterable { case merge, rebase, cherryPick, revert, sequence, bisect, am }

  @Test(arguments: Operation.allCases)
  func `an operation in progress is left alone, and that is said`(operation: Operation) async throws {
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
      let said = try await git.refresher().refresh(place)
      #expect(
        said.count == 1 && said[0].contains("behind origin's HEAD: ") && said[0].hasSuffix(" is in progress"), "\(said)"
      )
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
      #expect(
        try await git.refresher().refresh(place) == [
          left + "its branch was pushed, and has 1 commit that origin's HEAD does not have"
        ])
      #expect(try await git.state(place) == before)
    }
  }

  @Test(arguments: [["-u"], []])
  func `a branch that was pushed and merged is fast-forwarded`(options: [String]) async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.git(["push", "--quiet"] + options + ["origin", "polecat/toast"], in: place, mayFail: false)
      try await git.git("push", "--quiet", "origin", "polecat/toast:main", in: place)
      try await git.git("pull", "--quiet", "origin", "main", in: git.directory("peer"))
      try await git.advance()
      #expect(try await git.refresher().refresh(place) == [])
      #expect(try await git.isFresh(place))
      #expect(try await git.git("symbolic-ref", "HEAD", in: place) == "refs/heads/polecat/toast")
      #expect(try await git.git("status", "--porcelain", in: place) == "")
    }
  }

  @Test func `a branch of which more was pushed than is here is left, and that is said`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      try await git.git("push", "--quiet", "origin", "polecat/toast", in: place)
      try await git.git("reset", "--quiet", "--hard", "HEAD~1", in: place)
      try await git.advance()
      let before = try await git.state(place)
      #expect(
        try await git.refresher().refresh(place) == [left + "what was pushed of its branch is not in origin's HEAD"])
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `where origin's HEAD is not known that is said, with the way out`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.git("remote", "set-head", "origin", "--delete", in: git.rig)
      let said = try await git.refresher().refresh(place)
      #expect(said.count == 1 && said[0].contains("git remote set-head origin --auto"), "\(said)")
    }
  }

  @Test func `a worktree behind a symbolic link is brought up to date`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.advance()
      symlink(git.directory.path, git.directory("link"))
      #expect(try await git.refresher().refresh(git.directory("link/toast")) == [])
      #expect(try await git.isFresh(place))
    }
  }

  @Test func `a rebase that cannot be undone now is undone with a later start, and nobody works in it before`()
    async throws
  {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("shared", "mine\n", in: place)
      try await git.advance()
      let head = try await git.head(place)
      let wrapper = git.directory.makeDirectory("bin")
      // Killed in the middle, with its lock, as by a deadline; and what would undo it is killed too.
      TestFile.write(
        """
        #!/bin/bash
        PATH=${PATH#*:}
        case "$*" in
          *--abort*) [ -e \(wrapper)/mended ] || kill -9 $$ ;;
          rebase*) git "$@"; kill -9 $$ ;;
        esac
        exec git "$@"
        """, to: "\(wrapper)/git", mode: 0o755)
      let refresher = git.refresher(path: "\(wrapper):\(git.environment["PATH"] ?? "/usr/bin:/bin")")
      let unfit = await #expect(throws: UnfitWorktree.self) { try await refresher.refresh(place) }
      #expect(unfit?.description.contains("git -C \(place) rebase --abort") == true, "\(String(describing: unfit))")
      #expect(TestFile.exists("\(git.rig)/.git/worktrees/toast/gastown-rebase"))
      // Nor is it forgotten by the next attempt.
      await #expect(throws: UnfitWorktree.self) { try await refresher.refresh(place) }
      TestFile.write("", to: "\(git.rig)/.git/worktrees/toast/index.lock")
      TestFile.write("", to: "\(wrapper)/mended")
      let said = try await refresher.refresh(place)
      #expect(said.first == "the rebase was given up (the daemon was ended in the middle of it)", "\(said)")
      #expect(!TestFile.exists("\(git.rig)/.git/worktrees/toast/rebase-merge"))
      #expect(try await git.git("symbolic-ref", "HEAD", in: place) == "refs/heads/polecat/toast")
      #expect(try await git.head(place) == head)
      #expect(try await git.git("status", "--porcelain", in: place) == "")
    }
  }

  @Test func `an agent's own rebase is not undone in place of ours`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("mine", "work\n", in: place)
      TestFile.write(try await git.head(place), to: "\(git.rig)/.git/worktrees/toast/gastown-rebase")
      try await git.commit("more", "work\n", in: place)
      try await git.git("-c", "sequence.editor=sed -i s/^pick/edit/", "rebase", "--quiet", "-i", "HEAD~1", in: place)
      let before = try await git.state(place)
      #expect(try await git.refresher().refresh(place) == [])
      #expect(try await git.state(place) == before)
      #expect(TestFile.exists("\(git.rig)/.git/worktrees/toast/rebase-merge"))
    }
  }

  @Test func `a detached HEAD is left where it is, and that is said`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.git("checkout", "--quiet", "--detach", in: place)
      try await git.advance()
      let before = try await git.state(place)
      #expect(try await git.refresher().refresh(place) == [left + "it is on no branch (detached HEAD)"])
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `after a conflict everything is as before, and that is said`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.commit("shared", "mine\n", in: place)
      try await git.advance()
      let head = try await git.head(place)
      let branch = try await git.git("symbolic-ref", "HEAD", in: place)
      let warnings = try await git.refresher().refresh(place)
      #expect(warnings.count == 1 && warnings[0].contains("given up (it conflicts)"), "\(warnings)")
      #expect(warnings.first?.hasSuffix("the worktree is 1 commit behind origin's HEAD") == true, "\(warnings)")
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
      let head = try await git.head(place)
      let branch = try await git.git("symbolic-ref", "HEAD", in: place)
      let warnings = try await git.refresher(hanging: "rebase").refresh(place)
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
      let warnings = try await git.refresher(hanging: "fetch").refresh(place)
      #expect(warnings.count == 1 && warnings[0].hasPrefix("git fetch: no end after"), "\(warnings)")
      // What was killed may need a moment to be gone.
      try await eventually("its processes' end") { git.processes.isEmpty }
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `a remote that is gone is a warning, and nothing is rebased`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.advance()
      try await git.git("fetch", "--quiet", "origin", in: git.rig)
      try await git.git("config", "remote.origin.url", git.directory("gone.git"), in: git.rig)
      let before = try await git.state(place)
      let warnings = try await git.refresher().refresh(place)
      #expect(warnings.count == 1 && warnings[0].hasPrefix("git fetch failed: "), "\(warnings)")
      #expect(warnings.first?.hasSuffix("1 commit behind what was fetched before") == true, "\(warnings)")
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `a directory below the top of a worktree is not that worktree`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.advance()
      let before = try await git.state(place)
      let inner = git.directory.makeDirectory("toast/inner")
      #expect(try await git.refresher().refresh(inner) == [])
      #expect(try await git.state(place) == before)
      #expect(git.runner.count == 0, "no process is needed to see that")
      // Nor with something in it that only looks like one.
      git.directory.makeDirectory("toast/inner/.git")
      #expect(
        try await git.refresher().refresh(inner) == ["the worktree was not refreshed: for git it is a part of \(place)"]
      )
      #expect(git.runner.commands.map(\.arguments.first) == ["rev-parse"])
      #expect(try await git.state(place) == before)
    }
  }

  @Test func `where there is no repository nothing is done and nothing said`() async throws {
    try await GitFixture.with { git async throws in
      let place = git.directory.makeDirectory("plain")
      let said = try await git.refresher().refresh(place)
      #expect(said == [])
      #expect(git.runner.count == 0)
    }
  }

  @Test func `a repository without a remote is left alone`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      try await git.git("remote", "remove", "origin", in: git.rig)
      #expect(try await git.refresher().refresh(place) == [])
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
        for place in places { group.addTask { #expect((try? await refresher.refresh(place)) == []) } }
      }
      let late = try await git.worktree("late")
      #expect(try await refresher.refresh(late) == [])
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
      #expect(try await git.refresher().refresh(place) == [])
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
      let warnings = try await git.refresher().refresh(place)
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
        #expect(try await git.refresher().refresh(place) == [])
        #expect(try await git.isFresh(place))
      }
    }
  }

  /// `bd sync` of a `bd` that notes what it is given.
  private func sync(_ git: GitFixture, ending: String) -> BdSync {
    git.directory.makeDirectory("bin")
    TestFile.write(
      """
      #!/bin/sh
      echo "$PWD $* $BEADS_NO_DAEMON$BD_ACTOR$BD_DB$BEADS_DIR$CLAUDE_CODE" >>'\(git.directory("synced"))'
      \(ending)
      """, to: git.directory("bin/bd"), mode: 0o755)
    let misleading = ["BD_ACTOR": "x", "BD_DB": "x", "BEADS_DIR": "x", "CLAUDE_CODE": "1"]
    return BdBeadStore(
      townRoot: git.directory.path, executable: git.directory("bin/bd"),
      environment: git.environment.merging(misleading) { $1 }, runner: git.runner
    ).sync
  }

  @Test func `bd is synced in a clean worktree, and a failure is said`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      #expect(try await git.refresher(sync: sync(git, ending: "exit 0")).refresh(place) == [])
      #expect(TestFile.text(git.directory("synced")) == "\(place) sync 1\n")
      let failing = git.refresher(sync: sync(git, ending: "echo 'Error: no remote' >&2; exit 1"))
      #expect(try await failing.refresh(place) == ["bd sync failed: Error: no remote"])
    }
  }

  @Test(arguments: ["changed", "untracked", "operation"])
  func `bd is never synced where something of the agent's lies`(_ what: String) async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      switch what {
      case "changed": TestFile.write("work\n", to: "\(place)/shared")
      case "untracked": TestFile.write("work\n", to: "\(place)/new")
      default:
        let head = try await git.git("rev-parse", "--path-format=absolute", "--git-path", "MERGE_HEAD", in: place)
        TestFile.write(try await git.head(place) + "\n", to: head)
      }
      #expect(try await git.refresher(sync: sync(git, ending: "exit 0")).refresh(place) == [])
      #expect(TestFile.text(git.directory("synced")) == nil)
    }
  }

  @Test func `a bd without sync is asked for it once, until it is another`() async throws {
    try await GitFixture.with { git in
      let place = try await git.worktree()
      let refresher = git.refresher(
        sync: sync(git, ending: "echo 'Error: unknown command \"sync\" for \"bd\"' >&2; exit 1"))
      for _ in 0..<3 { #expect(try await refresher.refresh(place) == []) }
      #expect(TestFile.text(git.directory("synced")) == "\(place) sync 1\n")
      try Disk.remove(git.directory("bin/bd"))
      _ = sync(git, ending: "exit 0 # another")
      #expect(try await refresher.refresh(place) == [])
      #expect(TestFile.text(git.directory("synced")) == "\(place) sync 1\n\(place) sync 1\n")
    }
  }
}
