// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import TestSupport
import Testing
import Town
import TownFiles

/// What becomes of a polecat's work when it is removed, and of a worktree that is broken.
@Suite(.requires(executable: "git"), .timeLimit(.minutes(2))) struct PolecatRemoveTests {
  private func withWorktree(_ body: (GTTown, String) async throws -> Void) async throws {
    try await GTTown.with(rigs: []) { town in
      let origin = town.directory.makeDirectory("origin")
      try await town.git("init", "-q", "-b", "main", in: origin)
      try await town.git("commit", "-q", "--allow-empty", "-m", "one", in: origin)
      // The town is a repository itself: what git finds above a broken worktree.
      try await town.git("init", "-q", "-b", "main", in: town.root)
      try await town.gt("rig", "add", "rig", "--git", origin)
      try await town.gt("polecat", "add", "rig/toast")
      try await body(town, town.layout.path("rig/polecats/toast"))
    }
  }

  @Test func `one with work on its hook is not removed, and with --force the Witness is told of the work`() async throws
  {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast", "--hook", "gt-x1")
      let refused = try await town.run(["polecat", "remove", "rig/toast"])
      #expect(refused.status == 1 && refused.errors.contains("has gt-x1 on its hook"), "\(refused.errors)")
      #expect(refused.errors.contains("gt agent set rig/toast --hook none"))
      #expect(TestFile.exists(town.layout.path("rig/polecats/toast")))
      #expect(!TestFile.exists(town.layout.path("daemon/holds/gt-rig-toast")))
      try await town.gt("polecat", "remove", "rig/toast", "--force")
      let mail = try await town.gt("mail", "inbox", "--identity", "rig/witness", "--json")
      #expect(mail.contains("ORPHANED_WORK: rig/toast was removed with gt-x1 on its hook"), "\(mail)")
      #expect(!TestFile.exists(town.layout.path("daemon/holds/gt-rig-toast")))
      // One without work is nobody's concern.
      try await town.gt("polecat", "add", "rig/nux")
      try await town.gt("polecat", "remove", "rig/nux")
      #expect(try await !town.gt("mail", "inbox", "--identity", "rig/witness", "--json").contains("nux"))
    }
  }

  enum Break: String, CaseIterable { case missing, nowhere, plain, locked, readOnly, moved }

  @Test(arguments: Break.allCases)
  func `remove --force always ends well, and the name can be used again`(_ kind: Break) async throws {
    try await withWorktree { town, path in
      TestFile.write("work\n", to: "\(path)/new")
      switch kind {
      case .missing: unlink("\(path)/.git")
      case .nowhere: TestFile.write("gitdir: /nowhere\n", to: "\(path)/.git")
      case .plain:
        try #require(try await town.run("rm", ["-r", path]).succeeded)
        try Disk.makeDirectory(path)
      case .locked: try await town.git("worktree", "lock", path, in: town.layout.path("rig/mayor/rig"))
      case .readOnly:
        try Disk.makeDirectory("\(path)/cache")
        TestFile.write("x", to: "\(path)/cache/x")
        chmod("\(path)/cache", 0o555)
      case .moved: TestFile.write("gitdir: /former/rig/mayor/rig/.git/worktrees/toast\n", to: "\(path)/.git")
      }
      if kind != .plain {
        let refused = try await town.run(["polecat", "remove", "rig/toast"])
        #expect(refused.status == 1 && TestFile.text("\(path)/new") == "work\n", "\(refused.errors)")
        #expect(!TestFile.exists(town.layout.path("daemon/holds/gt-rig-toast")))
      }
      try await town.gt("polecat", "remove", "rig/toast", "--force")
      #expect(!TestFile.exists(path))
      try await town.gt("polecat", "add", "rig/toast")
      #expect(PolecatWorktree(.polecat(rig: "rig", name: "toast"), in: town.layout).standing == .sound)
    }
  }

  @Test func `a directory that is no worktree is not taken for one`() async throws {
    try await withWorktree { town, path in
      let other = town.layout.path("rig/polecats/nux")
      try Disk.makeDirectory(other)
      let refused = try await town.run(["polecat", "add", "rig/nux"])
      #expect(refused.status == 1 && refused.errors.contains("is not a worktree"), "\(refused.errors)")
      #expect(refused.errors.contains("gt polecat remove rig/nux --force"))
      #expect(try await !town.gt("agent", "list").contains("rig/nux  idle"))
      // One whose link can be mended is taken, and mended.
      unlink("\(path)/.git")
      try await town.gt("polecat", "remove", "rig/nux", "--force")
      #expect(TestFile.exists(path))
    }
  }

  @Test func `the doctor names each worktree that is broken, and session check says it of each`() async throws {
    try await withWorktree { town, path in
      try await town.gt("polecat", "add", "rig/nux", "--hook", "gt-x1")
      unlink("\(path)/.git")
      TestFile.write("gitdir: /nowhere\n", to: town.layout.path("rig/polecats/nux/.git"))
      let examined = try await town.run(["doctor"]).output
      #expect(examined.contains("rig/nux: its worktree is broken: its .git leads nowhere, to /nowhere"), "\(examined)")
      #expect(examined.contains("rig/toast: the link between its worktree and its repository is broken"), "\(examined)")
      let check = try await town.run(["session", "check"])
      #expect(check.output.contains("rig/polecats/nux/ is broken: its .git leads nowhere"), "\(check.output)")
      let why = try await town.gt("why", "rig/nux")
      #expect(why.contains("its .git leads nowhere"), "\(why)")
    }
  }
}
