// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import TownFiles

/// `gt rig add --git`.
@Suite(.timeLimit(.minutes(2))) struct RigCloneTests {
  /// An origin with one commit, and a working copy of it with one more.
  private func withCopy(_ body: (GTTown, _ origin: String, _ copy: String) async throws -> Void) async throws {
    try await GTTown.with(rigs: []) { town in
      let (origin, copy) = (town.directory("origin.git"), town.directory("copy"))
      try await town.git("init", "--quiet", "--bare", "--initial-branch=main", origin, in: town.directory.path)
      try await town.git("clone", "--quiet", origin, copy, in: town.directory.path)
      try await town.git("commit", "--quiet", "--allow-empty", "-m", "one", in: copy)
      try await town.git("push", "--quiet", "origin", "HEAD:main", in: copy)
      try await town.git("commit", "--quiet", "--allow-empty", "-m", "two", in: copy)
      try await body(town, origin, copy)
    }
  }

  private func said(_ town: GTTown, _ words: String...) async throws -> String {
    let result = try await town.run("git", ["-C", "\(town.root)/rig/mayor/rig"] + words)
    return result.output.split(separator: "\n").joined(separator: " ")
  }

  @Test func `a local working copy lends its own origin, and stays as the remote 'local'`() async throws {
    try await withCopy { town, origin, copy in
      let result = try await town.run(["rig", "add", "rig", "--git", copy])
      #expect(result.succeeded && result.errors.contains("its origin is \(origin)"), "\(result.errors)")
      #expect(try await said(town, "remote", "get-url", "origin") == origin)
      #expect(try await said(town, "remote", "get-url", "local") == Disk.canonical(copy))
      // What is there is what origin has, not what the copy had besides.
      #expect(try await said(town, "log", "--format=%s", "origin/main") == "one")
      #expect(TestFile.text("\(town.root)/mayor/rigs.json")?.contains(origin) == true)
    }
  }

  @Test func `an origin that cannot be reached is said, and what the copy has is there`() async throws {
    try await withCopy { town, origin, copy in
      try await town.git("remote", "set-url", "origin", "../nowhere.git", in: copy)
      let result = try await town.run(["rig", "add", "rig", "--git", copy])
      #expect(result.succeeded && result.errors.contains("it could not be fetched"), "\(result.errors)")
      #expect(try await said(town, "log", "--format=%s", "-1", "origin/main") == "two")
    }
  }

  @Test func `a bare repository is the origin itself`() async throws {
    try await withCopy { town, origin, _ in
      try await town.gt("rig", "add", "rig", "--git", origin)
      #expect(try await said(town, "remote") == "origin")
      #expect(try await said(town, "remote", "get-url", "origin") == origin)
    }
  }
}
