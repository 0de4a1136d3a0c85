// SPDX-License-Identifier: Apache-2.0

package import Commands
import Processes
package import Tmux

/// A tmux server for one test, on a socket in a directory of its own.
package struct TmuxFixture: Sendable {
  package let directory: TemporaryDirectory
  package let server: TmuxServer
  /// Speaks to ``server`` and has ``runner`` run it.
  package let client: TmuxClient
  package let runner: CountingRunner
  package let identity: ServerLife

  /// Runs `tmux` with these words on the server, for what ``client`` does not do.
  @discardableResult
  package func tmux(_ words: String...) async throws -> CommandResult { try await tmux(words) }

  @discardableResult
  package func tmux(_ words: [String]) async throws -> CommandResult {
    try await SystemCommandRunner(environment: TmuxFixture.environment).run(
      Command("tmux", ["-N", "-u"] + server.arguments + words, deadline: .seconds(60)))
  }

  /// What of our own environment the servers of tests see.
  package static var environment: [String: String] {
    ["PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/", "LANG": "C.UTF-8"]
  }
}

/// Runs `body` with a tmux server of its own, which keeps panes whose process has ended and stays
/// without sessions. The server is ended when `body` returns or throws, by the pid it began with.
///
/// - Parameter remainOnExit: as on our own server; `false` is what a user's server is like.
package func withTmuxServer<Result>(
  remainOnExit: Bool = true, deadline: Duration = .seconds(60),
  _ body: (TmuxFixture) async throws -> Result
) async throws -> Result {
  try await TemporaryDirectory.with { directory in
    let system = SystemCommandRunner(environment: TmuxFixture.environment)
    let server = TmuxServer.path(directory("tmux"))
    let options =
      ["start-server", ";", "set-option", "-s", "exit-empty", "off"]
      + (remainOnExit ? [";", "set-option", "-g", "remain-on-exit", "on"] : [])
    let start = try await system.run(
      Command(
        "tmux", ["-u", "-f", "/dev/null"] + server.arguments + options, workingDirectory: "/", deadline: .seconds(60)))
    guard start.succeeded else { throw NotInTime(description: "tmux did not start: \(start.errors)") }
    let runner = CountingRunner(system)
    let client = TmuxClient(server: server, runner: runner, deadline: deadline)
    guard let identity = try await client.panes().identity else {
      throw NotInTime(description: "tmux did not stay")
    }
    runner.reset()
    guard let process = ProcessTable().identity(of: identity.pid) else {
      throw NotInTime(description: "tmux has no process")
    }
    let fixture = TmuxFixture(
      directory: directory, server: server, client: client, runner: runner, identity: identity)
    let result: Swift.Result<Result, any Error>
    do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
    // Not by `kill-server`: the test may have stopped it. Also what ignores the hang-up must go.
    await Task { _ = try? await ProcessEnder().end(process, grace: .seconds(5)) }.value
    return try result.get()
  }
}
