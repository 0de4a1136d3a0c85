// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import Supervision
import TestSupport
import Testing
import Tmux

/// In which directories a person's tmux servers are looked for.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(1))) struct ServerPlacesTests {
  /// So a test's town sees nothing of the person who runs it, whatever else is in `/tmp`.
  @Test func `other servers are found in TMUX_TMPDIR, and where one place is named, only there`() async throws {
    try await TemporaryDirectory.with { directory in
      let runner = SystemCommandRunner(environment: TmuxFixture.environment)
      func tmux(_ place: String, _ words: String...) async throws -> CommandResult {
        let environment = TmuxFixture.environment.merging(["TMUX_TMPDIR": directory(place)]) { $1 }
        return try await runner.run(
          Command("tmux", ["-f", "/dev/null"] + words, environment: environment, deadline: .seconds(60)))
      }
      func found(_ variables: [String: String]) -> [String] {
        let servers = TmuxServers(
          own: .path(directory("own")), environment: variables, runner: runner, deadline: .seconds(60))
        return servers.others().clients.map(\.socketPath).filter { $0.hasPrefix(directory.path) }
      }
      for place in ["one", "two"] { directory.makeDirectory(place) }
      for place in ["one", "two"] { #expect(try await tmux(place, "new-session", "-d", "sleep", "1000").succeeded) }
      let usual = found(["TMUX_TMPDIR": directory("one")])
      let named = found(["TMUX_TMPDIR": directory("one"), TmuxServers.placeVariable: directory("two")])
      let all = TmuxServers(
        own: .path(directory("own")), environment: [TmuxServers.placeVariable: directory("two")], runner: runner,
        deadline: .seconds(60)
      ).others().clients
      for place in ["one", "two"] { _ = try await tmux(place, "kill-server") }
      #expect(usual.count == 1 && usual[0].hasPrefix(directory("one")), "\(usual)")
      #expect(named.count == 1 && named[0].hasPrefix(directory("two")), "\(named)")
      #expect(all.count == 1)
    }
  }
}
