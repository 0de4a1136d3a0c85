// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

/// What becomes of `gt polecat add` where `git` is at fault.
@Suite(.requires(executable: "git"), .timeLimit(.minutes(2))) struct PolecatFaultTests {
  @Test(arguments: [
    "exit 128", "kill -9 $$", "echo 'fatal: no space left on device' >&2; exit 128",
    "head -c 12000000 /dev/zero | tr '\\0' x >&2; exit 1", "head -c 60000000 /dev/zero; exit 0",
    // Half a worktree, and then the end.
    #"for path; do case $path in /*) mkdir -p "$path"; echo half >"$path/.git" ;; esac; done; exit 1"#,
  ]) func `a worktree that could not be made whole is not taken for one by the next attempt`(fault: String) async throws
  {
    try await GTTown.with(rigs: []) { town in
      let origin = town.directory.makeDirectory("origin")
      try await town.git("init", "-q", "-b", "main", origin, in: origin)
      try await town.git("commit", "-q", "--allow-empty", "-m", "one", in: origin)
      try await town.gt("rig", "add", "rig", "--git", origin)
      let real = town.environment["PATH"] ?? ""
      town.directory.makeDirectory("bin")
      TestFile.write(
        """
        #!/bin/bash
        case "$*" in *"worktree add"*) \(fault) ;; esac
        PATH=\(real) exec git "$@"
        """, to: town.directory("bin/git"), mode: 0o755)
      let failed = try await town.run(
        ["polecat", "add", "rig/toast"], variables: ["PATH": "\(town.directory("bin")):\(real)"])
      #expect(failed.status != 0 && failed.errors.utf8.count < 10_000, "\(failed.errors.prefix(300))")
      #expect(!TestFile.exists("\(town.root)/rig/polecats/toast"))
      let listed = try await town.gt("polecat", "list")
      #expect(!listed.contains("toast"))
      try await town.gt("polecat", "add", "rig/toast")
      try await town.git("status", in: "\(town.root)/rig/polecats/toast")
      #expect(try await town.gt("polecat", "list").contains("toast"))
    }
  }
}
