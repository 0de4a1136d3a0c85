// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Processes
import TestSupport
import Testing
import TownFiles

@Suite("gt mail and a running daemon", .requires(executable: "tmux"))
struct MailDaemonTests {
  private func heartbeats(_ town: MailTown) async throws -> Int {
    struct Status: Decodable { var heartbeat_count: Int }
    return try JSONDecoder().decode(Status.self, from: Data(try await town.gt("daemon", "status", "--json").utf8))
      .heartbeat_count
  }

  @Test("Mail to the Deacon, in any form, wakes the daemon; its own doings are no activity")
  func poked() async throws {
    try await MailTown.withDaemon { town, _ in
      try await town.gt("daemon", "beat")
      var count = try await heartbeats(town)
      for recipient in [["deacon"], ["deacon/"], ["mayor", "--cc", "deacon/"]] {
        try await town.run("gt", ["mail", "send", "-s", "LIFECYCLE: x"] + recipient)
        let activity = TestFile.text(town.layout.activity)
        struct State: Decodable { var heartbeat_count: Int }
        try await eventually("a beat after mail to \(recipient)") {
          guard let bytes = TestFile.bytes(town.layout.state) else { return false }
          return try JSONDecoder().decode(State.self, from: Data(bytes)).heartbeat_count > count
        }
        #expect(TestFile.text(town.layout.activity) == activity)
        count = try await heartbeats(town)
      }
    }
  }

  @Test func `of requests in a mailbox that cannot be read none is said to be carried out`() async throws {
    try await MailTown.withDaemon { town, _ in
      #expect(try await town.tryGT("daemon", "lifecycle").succeeded)
      let store = town.layout.embeddedStore
      try await town.run("sh", ["-c", "rm -f '\(store)' '\(store)-wal' '\(store)-shm' && mkdir '\(store)'"])
      let result = try await town.tryGT("daemon", "lifecycle")
      #expect(result.status == 1, "\(result.ending)")
      #expect(result.errors.contains("the Deacon's mail cannot be read"), "\(result.output)\(result.errors)")
    }
  }
}
