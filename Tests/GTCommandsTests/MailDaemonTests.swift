// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Processes
import TestSupport
import Testing
import TownFiles

@Suite("gt mail and a running daemon", .requires(executable: "tmux"))
struct MailDaemonTests {
  /// Runs `body` while the town's daemon runs, which never beats by itself in that time.
  private func withDaemon(_ body: (MailTown) async throws -> Void) async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        let environment = town.environment
        let daemon = Task {
          try await SystemCommandRunner(environment: environment).run(
            Command(
              builtExecutable("gastown-daemon"), ["--town", town.root], environment: environment,
              workingDirectory: town.root, deadline: .seconds(120)))
        }
        let result: Result<Void, any Error>
        do {
          try await eventually("the daemon") { try await town.tryGT("daemon", "status").succeeded }
          result = .success(try await body(town))
        } catch {
          result = .failure(error)
        }
        daemon.cancel()
        _ = try? await daemon.value
        try result.get()
      }
    }
  }

  private func heartbeats(_ town: MailTown) async throws -> Int {
    struct Status: Decodable { var heartbeat_count: Int }
    return try JSONDecoder().decode(Status.self, from: Data(try await town.gt("daemon", "status", "--json").utf8))
      .heartbeat_count
  }

  @Test("Mail to the Deacon, in any form, wakes the daemon; its own doings are no activity")
  func poked() async throws {
    try await withDaemon { town in
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
}
