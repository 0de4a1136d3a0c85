// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Processes
import TestSupport
import Testing
import Town
import TownFiles

/// Whether git in a polecat's directory works on its own worktree, and what is mended, with a real git.
@Suite(.requires(executable: "git"), .timeLimit(.minutes(2))) struct PolecatWorktreeTests {
  /// A town that is a repository itself, with a rig that has one, and a polecat's worktree.
  private struct Town {
    let directory: TemporaryDirectory
    var root: String
    static let toast = AgentIdentity.polecat(rig: "rig", name: "toast")

    var layout: TownLayout { TownLayout(root: root) }
    func worktree(_ name: String = "toast") -> PolecatWorktree {
      PolecatWorktree(.polecat(rig: "rig", name: name), in: layout)
    }
    func place(_ name: String = "toast") -> String { layout.path("rig/polecats/\(name)") }

    @discardableResult
    func git(_ words: String..., in place: String) async throws -> String {
      let environment = TestEnvironment.closed(in: directory).merging([
        "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@localhost", "GIT_COMMITTER_NAME": "Ada",
        "GIT_COMMITTER_EMAIL": "ada@localhost",
      ]) { $1 }
      let result = try await SystemCommandRunner(environment: environment).run(
        Command("git", words, environment: environment, workingDirectory: place, deadline: .seconds(60)))
      guard result.succeeded else { throw NotInTime(description: "git \(words): \(result.errors)") }
      return result.output.split(separator: "\n").joined(separator: "\n")
    }

    /// All that is of a worktree: where git works, its branch and commit, what is staged and what is not.
    func state(_ name: String = "toast") async throws -> [String] {
      let place = place(name)
      return [
        try await git("rev-parse", "--show-toplevel", in: place).replacing(root, with: ""),
        try await git("symbolic-ref", "HEAD", in: place), try await git("rev-parse", "HEAD", in: place),
        try await git("status", "--porcelain", in: place),
      ]
    }

    static func with(_ body: (Town) async throws -> Void) async throws {
      try await TemporaryDirectory.with { directory in
        let town = Town(directory: directory, root: directory.makeDirectory("town"))
        let rig = directory.makeDirectory("town/rig/mayor/rig")
        directory.makeDirectory("town/rig/polecats")
        for place in [town.root, rig] {
          try await town.git("init", "--quiet", "-b", "main", in: place)
          try await town.git("commit", "--quiet", "--allow-empty", "-m", "one", in: place)
        }
        try await town.git("worktree", "add", "--quiet", "-b", "polecat/toast", town.place(), in: rig)
        // Something that is committed, something staged, and something that is neither.
        TestFile.write("mine\n", to: "\(town.place())/mine")
        try await town.git("add", "mine", in: town.place())
        try await town.git("commit", "--quiet", "-m", "mine", in: town.place())
        TestFile.write("staged\n", to: "\(town.place())/staged")
        try await town.git("add", "staged", in: town.place())
        TestFile.write("changed\n", to: "\(town.place())/mine")
        try await body(town)
      }
    }
  }

  private func expectMended(_ town: Town, before: [String], because words: String) async throws {
    guard case .mendable(let reason) = town.worktree().standing else {
      Issue.record("\(town.worktree().standing)")
      return
    }
    #expect(reason.contains(words))
    #expect(try town.worktree().mend()?.contains(words) == true)
    #expect(town.worktree().standing == .sound)
    #expect(try town.worktree().mend() == nil)
    #expect(try await town.state() == before)
    // As git itself sees it.
    let list = try await town.git("worktree", "list", "--porcelain", in: town.layout.path("rig/mayor/rig"))
    #expect(list.contains("worktree \(town.place())\n") && !list.contains("prunable"), "\(list)")
  }

  @Test func `a worktree that is whole is left as it is`() async throws {
    try await Town.with { town async throws in
      #expect(town.worktree().standing == .sound)
      let mended = try town.worktree().mend()
      #expect(mended == nil)
    }
  }

  @Test func `in a moved town the link is mended, and nothing is lost`() async throws {
    try await Town.with { town in
      let before = try await town.state()
      var moved = town
      moved.root = town.directory("moved")
      try #require(rename(town.root, moved.root) == 0)
      try await expectMended(moved, before: before, because: "led nowhere")
    }
  }

  @Test func `a .git that is missing is written anew`() async throws {
    try await Town.with { town in
      let before = try await town.state()
      unlink("\(town.place())/.git")
      // What git would work on.
      #expect(try await town.git("rev-parse", "--show-toplevel", in: town.place()) == town.root)
      try await expectMended(town, before: before, because: "missing")
    }
  }

  @Test func `a directory of polecats that was moved is known by its new place`() async throws {
    try await Town.with { town in
      let before = try await town.state()
      TestFile.write(
        "/gone/rig/polecats/toast/.git\n", to: town.layout.path("rig/mayor/rig/.git/worktrees/toast/gitdir"))
      try await expectMended(town, before: before, because: "former place /gone/rig/polecats/toast")
    }
  }

  @Test func `a worktree behind a symbolic link is whole`() async throws {
    try await Town.with { town in
      let (polecats, elsewhere) = (town.layout.path("rig/polecats"), town.directory("elsewhere"))
      try #require(rename(polecats, elsewhere) == 0)
      symlink(elsewhere, polecats)
      #expect(town.worktree().standing == .sound)
      try await town.git("worktree", "repair", "\(elsewhere)/toast", in: town.layout.path("rig/mayor/rig"))
      #expect(town.worktree().standing == .sound)
    }
  }

  @Test func `in a copied town nothing is done, and the lines that mend it leave the original alone`() async throws {
    try await Town.with { town in
      var copy = town
      copy.root = town.directory("copy")
      let copied = try await SystemCommandRunner(environment: TestEnvironment.closed(in: town.directory)).run(
        Command("cp", ["-a", town.root, copy.root], deadline: .seconds(60)))
      try #require(copied.succeeded)
      let before = try await town.state()
      let worktree = copy.worktree()
      #expect(worktree.standing.objection?.contains("\(town.root)/rig/mayor/rig/.git") == true)
      #expect(throws: TownFileError.self) { try worktree.mend() }
      for (path, line) in try #require(worktree.linksOfCopy) { TestFile.write("\(line)\n", to: path) }
      #expect(worktree.standing == .sound && town.worktree().standing == .sound)
      #expect(try await copy.state() == before)
      #expect(try await town.state() == before)
    }
  }

  @Test func `one that git itself has bound to another town's repository is refused`() async throws {
    try await Town.with { town in
      var copy = town
      copy.root = town.directory("copy")
      let copied = try await SystemCommandRunner(environment: TestEnvironment.closed(in: town.directory)).run(
        Command("cp", ["-a", town.root, copy.root], deadline: .seconds(60)))
      try #require(copied.succeeded)
      // In the copy this writes into the original.
      try await town.git("worktree", "repair", in: copy.place())
      #expect(copy.worktree().standing.objection?.contains("outside of the town") == true)
      #expect(copy.worktree().linksOfCopy == nil)
    }
  }

  enum Break: String, CaseIterable { case plain, nowhere, text, empty, renamed, copied, lostLink }

  @Test(arguments: Break.allCases)
  func `what is not plainly a worktree of its own is broken, and left as it is`(_ kind: Break) async throws {
    try await Town.with { town in
      let git = "\(town.place())/.git"
      var name = "toast"
      switch kind {
      case .plain:
        name = "nux"
        town.directory.makeDirectory("town/rig/polecats/nux")
      case .nowhere: TestFile.write("gitdir: /nowhere/.git/worktrees/other\n", to: git)
      case .text: TestFile.write("nothing\n", to: git)
      case .empty:
        unlink(git)
        town.directory.makeDirectory("town/rig/polecats/toast/.git")
      case .renamed:
        // Moved with its town, and called otherwise since.
        name = "nux"
        TestFile.write("gitdir: /nowhere/.git/worktrees/toast\n", to: git)
        TestFile.write(
          "/nowhere/polecats/toast/.git\n", to: town.layout.path("rig/mayor/rig/.git/worktrees/toast/gitdir"))
        try #require(rename(town.place(), town.place("nux")) == 0)
      case .copied:
        name = "nux"
        town.directory.makeDirectory("town/rig/polecats/nux")
        TestFile.write(try #require(TestFile.text(git)), to: "\(town.place("nux"))/.git")
      case .lostLink:
        unlink(git)
        symlink("/nowhere", git)
      }
      let before = TestFile.text("\(town.place(name))/.git")
      #expect(town.worktree(name).standing.objection != nil, "\(town.worktree(name).standing)")
      #expect(throws: TownFileError.self) { try town.worktree(name).mend() }
      #expect(TestFile.text("\(town.place(name))/.git") == before)
    }
  }

  @Test
  func `a clone, a worktree below that is called like the rig, and a rig without a repository are as they should be`()
    async throws
  {
    try await Town.with { town in
      let rig = town.layout.path("rig/mayor/rig")
      try await town.git("clone", "--quiet", rig, town.place("clone"), in: rig)
      #expect(town.worktree("clone").standing == .sound)
      try await town.git("worktree", "add", "--quiet", "\(town.place("nux"))/rig", in: rig)
      #expect(town.worktree("nux").standing == .sound && town.worktree("nux").directory == "\(town.place("nux"))/rig")
      let plain = AgentIdentity.polecat(rig: "plain", name: "x")
      town.directory.makeDirectory("town/plain/polecats/x")
      #expect(PolecatWorktree(plain, in: town.layout).standing == .sound)
      // A person's worktree of a repository elsewhere, in a rig that has none.
      let place = town.layout.path("plain/polecats/y")
      try await town.git("worktree", "add", "--quiet", place, in: rig)
      #expect(PolecatWorktree(.polecat(rig: "plain", name: "y"), in: town.layout).standing == .sound)
    }
  }
}
