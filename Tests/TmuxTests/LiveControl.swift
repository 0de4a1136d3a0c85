// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

@testable import Tmux

extension TmuxFixture {
  /// A lasting client of the server, which nothing has connected yet.
  func control(silence: Duration = .seconds(30), limit: Duration = .seconds(60)) -> ControlClient {
    ControlClient(
      server: server, starter: SystemCommandRunner(environment: TmuxFixture.environment), silence: silence,
      limit: limit)
  }

  /// Speaks to the server by `control`, and by processes of `runner` where that is not possible.
  func client(by control: ControlClient, deadline: Duration = .seconds(60)) -> TmuxClient {
    TmuxClient(server: server, runner: runner, deadline: deadline, control: control)
  }
}

extension ControlClient {
  /// Returns when requests are sent.
  func connected() async throws {
    connectWhereDue()
    try await eventually("a lasting client") {
      connectWhereDue()
      return isConnected
    }
  }
}

/// Runs `body` with a lasting client that is connected, and ends that.
func withControl<Result>(
  _ tmux: TmuxFixture, silence: Duration = .seconds(30), _ body: (ControlClient) async throws -> Result
) async throws -> Result {
  let control = tmux.control(silence: silence)
  let result: Swift.Result<Result, any Error>
  do {
    try await control.connected()
    result = .success(try await body(control))
  } catch {
    result = .failure(error)
  }
  await control.end()
  return try result.get()
}
