// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import TownFiles

/// Where a polecat's work begins, and on which branch.
@Suite(.requires(executable: "git"), .timeLimit(.minutes(2))) struct PolecatBranchTests {
  /// A town with a rig whose origin has a commit, and a clone of a colleague's.
  private func withRig(_ body: (GTTown, _ origin: String, _ peer: String) async throws -> Void) async throws {
    try await GTTown.with(rigs: []) { town in
      let origin = town.directory("origin.git")
      let peer = town.directory("peer")
      try await town.git("init", "-q", "--bare", "-b", "main", origin, in: town.directory.path)
      try await town.git("clone", "-q", origin, peer, in: town.directory.path)
      try await advance(town, peer)
      try await town.gt("rig", "add", "rig", "--git", origin)
      try await body(town, origin, peer)
    }
  }

  private func advance(_ town: GTTown, _ peer: String, by count: Int = 1) async throws {
    for _ in 0..<count { try await town.git("commit", "-q", "--allow-empty", "-m", "more", in: peer) }
    try await town.git("push", "-q", "origin", "HEAD:main", in: peer)
  }

  private func line(_ town: GTTown, _ words: String..., in place: String) async throws -> String {
    let result = try await town.run("git", words, in: place)
    return result.output.split(separator: "\n").joined(separator: "\n")
  }

  private func path(_ town: GTTown, _ name: String = "toast") -> String { town.layout.path("rig/polecats/\(name)") }
  private func rig(_ town: GTTown) -> String { town.layout.path("rig/mayor/rig") }

  @Test func `a new polecat begins at origin's HEAD, after a fetch`() async throws {
    try await withRig { town, _, peer in
      try await advance(town, peer, by: 3)
      let said = try await town.gt("polecat", "add", "rig/toast")
      let head = try await line(town, "rev-parse", "HEAD", in: path(town))
      #expect(try await line(town, "rev-parse", "HEAD", in: peer) == head)
      #expect(said.contains("It begins at origin's HEAD (\(head.prefix(12))), on the branch polecat/toast."), "\(said)")
      // It follows no branch: what is pushed goes to a branch of its own.
      #expect(try await line(town, "rev-parse", "--abbrev-ref", "@{upstream}", in: path(town)).isEmpty == true)
    }
  }

  @Test func `a name that is used again gets a branch of its own, and the former one's stays`() async throws {
    try await withRig { town, _, peer in
      try await town.gt("polecat", "add", "rig/toast")
      TestFile.write("old\n", to: "\(path(town))/old")
      try await town.git("add", "old", in: path(town))
      try await town.git("commit", "-q", "-m", "the former one's", in: path(town))
      try await town.git("push", "-q", "origin", "polecat/toast", in: path(town))
      let former = try await line(town, "rev-parse", "HEAD", in: path(town))
      try await town.gt("polecat", "remove", "rig/toast")
      try await advance(town, peer, by: 20)
      let said = try await town.gt("polecat", "add", "rig/toast")
      #expect(said.contains("on the branch polecat/toast-2."), "\(said)")
      #expect(
        said.contains("The branch polecat/toast has 1 commit of a former polecat; it is left as it is."), "\(said)")
      #expect(!TestFile.exists("\(path(town))/old"))
      #expect(try await line(town, "rev-list", "--count", "HEAD..origin/HEAD", in: path(town)) == "0")
      #expect(try await line(town, "rev-parse", "polecat/toast", in: rig(town)) == former)
    }
  }

  @Test func `a former branch that was merged is used again, fast-forwarded`() async throws {
    try await withRig { town, _, peer in
      try await town.gt("polecat", "add", "rig/toast")
      try await town.gt("polecat", "remove", "rig/toast")
      try await advance(town, peer, by: 2)
      let said = try await town.gt("polecat", "add", "rig/toast")
      #expect(said.contains("on the branch polecat/toast."), "\(said)")
      #expect(try await line(town, "rev-list", "--count", "HEAD..origin/HEAD", in: path(town)) == "0")
      #expect(try await line(town, "status", "--porcelain", in: path(town)) == "")
    }
  }

  @Test func `without network it begins at what is there, and that is said`() async throws {
    try await withRig { town, origin, _ in
      try await town.git("remote", "set-url", "origin", "\(origin).gone", in: rig(town))
      let said = try await town.gt("polecat", "add", "rig/toast")
      #expect(said.contains("origin could not be asked (fatal: ") && said.contains("fetched before"), "\(said)")
      #expect(
        try await line(town, "rev-parse", "HEAD", in: path(town))
          == line(town, "rev-parse", "origin/main", in: rig(town)))
    }
  }

  @Test func `an empty repository is said to be empty at once, and polecats come when it has a commit`() async throws {
    try await GTTown.with(rigs: []) { town in
      let (origin, peer) = (town.directory("origin.git"), town.directory("peer"))
      try await town.git("init", "-q", "--bare", "-b", "main", origin, in: town.directory.path)
      try await town.git("clone", "-q", origin, peer, in: town.directory.path)
      let added = try await town.gt("rig", "add", "rig", "--git", origin)
      #expect(added.contains("has no commit yet"), "\(added)")
      let refused = try await town.run(["polecat", "add", "rig/toast"])
      #expect(refused.status == 1 && refused.errors.contains("has no commit to start at"), "\(refused.errors)")
      #expect(!TestFile.exists(path(town)))
      try await advance(town, peer)
      try await town.gt("polecat", "add", "rig/toast")
      #expect(try await line(town, "log", "--format=%s", in: path(town)) == "more")
    }
  }

  @Test func `a directory that was deleted is made anew, unless its commit would be lost`() async throws {
    try await withRig { town, _, _ in
      try await town.gt("polecat", "add", "rig/toast")
      try #require(try await town.run("rm", ["-r", path(town)]).succeeded)
      try await town.gt("polecat", "remove", "rig/toast")
      try await town.gt("polecat", "add", "rig/toast")
      #expect(try await line(town, "symbolic-ref", "HEAD", in: path(town)) == "refs/heads/polecat/toast")
      try await town.git("checkout", "-q", "--detach", in: path(town))
      try await town.git("commit", "-q", "--allow-empty", "-m", "on no branch", in: path(town))
      let lost = try await line(town, "rev-parse", "HEAD", in: path(town))
      try #require(try await town.run("rm", ["-r", path(town)]).succeeded)
      try await town.gt("polecat", "remove", "rig/toast")
      let refused = try await town.run(["polecat", "add", "rig/toast"])
      #expect(refused.status == 1 && refused.errors.contains("branch NAME \(lost)"), "\(refused.errors)")
      try await town.git("branch", "saved", lost, in: rig(town))
      try await town.gt("polecat", "add", "rig/toast")
    }
  }

  @Test func `from a directory that was deleted the town is asked for in clear words`() async throws {
    try await GTTown.with { town in
      let place = town.directory.makeDirectory("gone")
      let script = "rmdir \"$PWD\"; exec \"$0\" session check"
      let result = try await town.run("sh", ["-c", script, builtExecutable("gt")], in: place)
      #expect(result.errors.contains("the current directory was deleted"), "\(result.errors)")
    }
  }

  @Test func `within a worktree that looks like a town, gt works on the town and writes nothing there`() async throws {
    try await withRig { town, _, peer in
      town.directory.makeDirectory("peer/mayor")
      TestFile.write("{}", to: "\(peer)/mayor/town.json")
      try await town.git("add", "mayor", in: peer)
      try await advance(town, peer)
      try await town.gt("polecat", "add", "rig/toast")
      try #require(TestFile.exists("\(path(town))/mayor/town.json"))
      #expect(try await town.run(["polecat", "list"], in: path(town)).output.contains("rig/toast"))
      #expect(try await line(town, "status", "--porcelain", "--ignored", in: path(town)) == "")
    }
  }
}
