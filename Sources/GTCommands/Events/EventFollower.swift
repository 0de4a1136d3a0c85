// SPDX-License-Identifier: Apache-2.0

import Control
import CommandSupport
import Supervision
import Town
import TownFiles

/// Watches a town's events over the lives of its daemons.
struct EventFollower: Sendable {
  let layout: TownLayout
  let environment: [String: String]

  /// How often it is looked whether another daemon has come, while there is none.
  private static let pause: Duration = .milliseconds(200)
  /// How long a daemon that has ended a stream may be there still, before it is asked again.
  private static let patience: Duration = .seconds(5)

  /// - Throws: ``Unreadable`` where no daemon runs at the beginning; ``ControlError`` where it refuses, or does
  ///   not answer then.
  func follow(_ request: Watch, printer: EventPrinter) async throws {
    guard var client = ControlSocket.clientIfRunning(layout: layout, environment: environment) else {
      throw Unreadable(
        description: "no daemon runs for \(layout.root); start it with: \(DaemonAdvice.start(layout, environment))")
    }
    var request = request
    var daemon: Int32?
    var seen = 0
    while true {
      do {
        try await client.watch(request) { event in
          if event.event == Watch.started {
            // The events of another daemon are counted anew.
            if event.pid != daemon { seen = 0 }
            daemon = event.pid
            printer.print(event)
          } else if event.sequence > seen {
            seen = event.sequence
            printer.print(event)
          }
        }
      } catch let error as ControlError {
        // Once it has answered, whatever happens is a daemon's end.
        if daemon == nil, error.code == .unreachable {
          throw DaemonSilence(error, holder: TownLock.holder(layout: layout), lock: layout.lock)
        }
        if daemon == nil { throw error }
        if case .refused = error.code { throw error }
      }
      printer.print(
        Watch.Reply(
          event: "stream_interrupted", time: LiveTown.wallClock().description, sequence: 0, town: layout.root,
          message: "the daemon has ended; waiting for the next one"))
      client = try await next(after: daemon)
      request.recent = true
    }
  }

  /// A client of the next daemon. It is known by its holding the town's lock: a connection before that would start a
  /// daemon that has just been stopped.
  private func next(after former: Int32?) async throws -> ControlClient {
    let end = ContinuousClock.now + Self.patience
    while true {
      // While a daemon ends, its lock may still be held by a process that /proc no longer shows (0).
      if let holder = TownLock.currentHolder(layout: layout),
        holder != former && holder != 0 || ContinuousClock.now > end
      {
        return ControlSocket.client(layout: layout, environment: environment)
      }
      try await Task.sleep(for: Self.pause)
    }
  }
}
