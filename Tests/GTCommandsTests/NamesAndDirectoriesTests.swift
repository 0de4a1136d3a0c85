// SPDX-License-Identifier: Apache-2.0

import Commands
import CommandSupport
@testable import GTCommands
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// What `gt polecat add` and `remove` refuse.
@Suite(.timeLimit(.minutes(2))) struct NamesAndDirectoriesTests {
  // MARK: Names

  @Test func `names that would be another agent's are refused with both named`() async throws {
    try await GTTown.with(rigs: ["my-rig", "my"]) { town in
      for directory in ["my-rig/polecats/toast", "my/crew/ada", "my/polecats/crumb"] {
        try Disk.makeDirectory(town.layout.path(directory))
      }
      let names = NameCollisions(town: try town.open())
      func refusal(_ agent: AgentIdentity) async -> String? {
        await #expect(throws: CommandRefusal.self) { try await names.check([agent]) }?.description
      }
      #expect(
        await refusal(.polecat(rig: "my", name: "rig-toast"))
          == "my/polecats/rig-toast and my-rig/polecats/toast would share the session gt-my-rig-toast")
      #expect(
        await refusal(.polecat(rig: "my", name: "rig-witness"))
          == "my/polecats/rig-witness and my-rig/witness would share the session gt-my-rig-witness")
      #expect(
        await refusal(.polecat(rig: "my", name: "ada"))
          == "my/polecats/ada and my/crew/ada would share the mail address my/ada")
      // What is there already is no collision with itself, and other names are free.
      try await names.check([
        .polecat(rig: "my", name: "crumb"), .polecat(rig: "my", name: "new"), .crew(rig: "my", name: "eve"),
      ])
    }
  }

  @Test func `a rig whose witness would be another's polecat is refused`() async throws {
    try await GTTown.with(rigs: ["my"]) { town in
      try Disk.makeDirectory(town.layout.path("my/polecats/rig-witness"))
      let result = try await town.run(["rig", "add", "my-rig"])
      #expect(result.status == 1 && result.errors.contains("my-rig/witness and my/polecats/rig-witness would share"))
      #expect(try RigRegistry(layout: town.layout).rigs().map(\.name) == ["my"])
    }
  }

  // MARK: Directories

  private let toast = AgentIdentity.polecat(rig: "rig", name: "toast")

  private func directory(_ town: GTTown, _ agent: AgentIdentity? = nil) throws -> PolecatDirectory {
    PolecatDirectory(town: try town.open(), identity: agent ?? toast)
  }

  /// A rig with a repository that has an origin, and the polecat's worktree.
  private func withWorktree(_ body: (GTTown, PolecatDirectory, String) async throws -> Void) async throws {
    try await GTTown.with(rigs: []) { town in
      let seed = town.directory.makeDirectory("seed")
      try await town.git("init", "--quiet", "-b", "main", in: seed)
      TestFile.write("one\n", to: "\(seed)/file")
      try await town.git("add", "file", in: seed)
      try await town.git("commit", "--quiet", "-m", "one", in: seed)
      try await town.gt("rig", "add", "rig", "--git", seed)
      let directory = try directory(town)
      #expect(try await directory.make().isNew)
      #expect(try await !directory.make().isNew)
      try await body(town, directory, town.layout.directory(of: toast))
    }
  }

  private func refusal(_ directory: PolecatDirectory) async -> String {
    await #expect(throws: CommandRefusal.self) { try await directory.remove(force: false) }?.description ?? ""
  }

  @Test func `a clean worktree goes, and its branch stays`() async throws {
    try await withWorktree { town, directory, path in
      #expect(TestFile.exists("\(path)/file"))
      try await directory.remove(force: false)
      #expect(!Disk.exists(path))
      // It can be added again.
      #expect(try await directory.make().isNew)
      #expect(TestFile.exists("\(path)/file"))
    }
  }

  @Test func `what is not committed is kept`() async throws {
    try await withWorktree { _, directory, path in
      TestFile.write("work\n", to: "\(path)/new")
      #expect(
        await refusal(directory).hasPrefix(
          "rig/toast has changes that are not committed; to discard that: gt polecat remove"))
      #expect(TestFile.text("\(path)/new") == "work\n")
      try await directory.remove(force: true)
      #expect(!Disk.exists(path))
    }
  }

  @Test func `what is not pushed is kept`() async throws {
    try await withWorktree { town, directory, path in
      TestFile.write("work\n", to: "\(path)/new")
      try await town.git("add", "new", in: path)
      try await town.git("commit", "--quiet", "-m", "work", in: path)
      #expect(await refusal(directory).contains("has commits that are not pushed"))
      #expect(TestFile.text("\(path)/new") == "work\n")
      try await town.git("push", "--quiet", "origin", "HEAD:refs/heads/work", in: path)
      try await directory.remove(force: false)
      #expect(!Disk.exists(path))
    }
  }

  @Test func `a plain directory goes only when it is empty`() async throws {
    try await GTTown.with { town in
      let (directory, path) = (try directory(town), town.layout.directory(of: toast))
      #expect(try await directory.make().isNew)
      TestFile.write("work\n", to: "\(path)/notes")
      #expect(await refusal(directory).contains("has files in \(path)"))
      #expect(TestFile.text("\(path)/notes") == "work\n")
      try Disk.remove("\(path)/notes")
      try await directory.remove(force: false)
      #expect(!Disk.exists(path))
      // What is gone already is no error.
      try await directory.remove(force: false)
    }
  }

  @Test(arguments: [false, true])
  func `a link is removed, never what it leads to`(toWorktree: Bool) async throws {
    try await withWorktree { town, crumb, path in
      let target = toWorktree ? path : town.directory.makeDirectory("precious")
      TestFile.write("work\n", to: "\(target)/notes")
      let link = AgentIdentity.polecat(rig: "rig", name: "link")
      let linked = try await town.run("ln", ["-s", target, town.layout.directory(of: link)])
      #expect(linked.succeeded)
      try await directory(town, link).remove(force: true)
      #expect(!Disk.exists(town.layout.directory(of: link)))
      #expect(TestFile.text("\(target)/notes") == "work\n")
      #expect(TestFile.exists("\(path)/file"))
    }
  }
}
