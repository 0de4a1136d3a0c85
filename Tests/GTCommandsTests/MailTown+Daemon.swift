// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport

extension MailTown {
  /// Runs `body` while the town's daemon runs, on a tmux server of the test's own. The daemon never beats by itself
  /// in that time.
  ///
  /// - Parameter prepare: is done before the daemon starts.
  static func withDaemon(
    _ store: Store = .embedded, prepare: (MailTown) async throws -> Void = { _ in },
    _ body: (MailTown, TmuxFixture) async throws -> Void
  ) async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(store, tmux: tmux.server) { town in
        try await prepare(town)
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
          result = .success(try await body(town, tmux))
        } catch {
          result = .failure(error)
        }
        daemon.cancel()
        _ = try? await daemon.value
        try result.get()
      }
    }
  }
}
