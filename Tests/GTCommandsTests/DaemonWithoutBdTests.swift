// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import Tmux
import TownFiles

@Suite("A daemon that begins without bd", .requires(executable: "tmux"), .timeLimit(.minutes(2)))
struct DaemonWithoutBdTests {
  @Test("starts nobody whose bead it cannot read, and goes on when bd is there")
  func recovers() async throws {
    let session = "gt-verb-al-deep-fix"
    try await MailTown.withDaemon(.bd) { town in
      TestFile.write(#"{"agents":{"default":{"command":["sleep","1000"]}}}"#, to: town.layout.settings)
      try await town.gt("agent", "set", "verb-al/deep-fix", "--state", "working", "--hook", "gt-7")
      try await town.run("rm", [town.directory("bin/bd")])
    } _: { town, tmux in
      func isUp() async throws -> Bool { try await tmux.client.panes().panes.contains { $0.session == session } }
      try await town.gt("daemon", "beat")
      #expect(try await !isUp())
      let check = try await town.tryGT("session", "check")
      #expect(check.ending == .exited(69) && check.errors.contains("no 'bd' was found on PATH"), "\(check.errors)")

      try await town.run("ln", ["-s", builtExecutable("bd-stand-in"), town.directory("bin/bd")])
      try await town.gt("daemon", "beat")
      try await eventually("the polecat") { try await isUp() }
      #expect(try await town.tryGT("session", "check").ending == .exited(0))
    }
  }
}
