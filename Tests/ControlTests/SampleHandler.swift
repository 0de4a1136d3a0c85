// SPDX-License-Identifier: Apache-2.0

@testable import Control

/// Answers every method with what can be told apart; the beat and the explanation as the test says.
struct SampleHandler: ControlHandler {
  var beat: @Sendable () async throws -> Beat.Reply = { Beat.Reply(heartbeatCount: 7, summary: "all alive") }
  var explanation = Explain.Reply(entries: [])
  var watch: @Sendable (Watch) async throws -> ControlStream<Watch.Reply> = { _ in ControlStream { nil } }

  func handle(_ request: Beat) async throws -> Beat.Reply { try await beat() }

  func handle(_ request: Explain) async throws -> Explain.Reply {
    guard let agent = request.agent else { return explanation }
    return Explain.Reply(entries: [
      .init(agent: agent, rule: "loop", decision: "park", reason: "5 deaths", until: "2026-11-23T15:18:00Z")
    ])
  }

  func handle(_ request: Health) async throws -> Health.Reply {
    Health.Reply(healthy: false, turnAgeMilliseconds: 1500, overdueJobs: ["snapshot"], reason: "overdue")
  }

  func handle(_ request: Lifecycle) async throws -> Lifecycle.Reply {
    Lifecycle.Reply(executed: 2, refused: 1, summary: "two done")
  }

  func handle(_ request: Refresh) async throws -> Refresh.Reply { Refresh.Reply() }
  func handle(_ request: NoteHold) async throws -> NoteHold.Reply { NoteHold.Reply() }

  func handle(_ request: Reload) async throws -> Reload.Reply {
    throw ControlFailure.refused(message: "mayor/daemon.json: unknown key 'x'")
  }

  func handle(_ request: ResetSession) async throws -> ResetSession.Reply {
    SessionOutcome(outcome: "\(request.session) is reset", changed: false)
  }

  func handle(_ request: RestartSession) async throws -> RestartSession.Reply {
    throw ControlFailure.busy
  }

  func handle(_ request: StartSession) async throws -> StartSession.Reply {
    SessionOutcome(outcome: "\(request.session) for \(request.who): \(request.why)", changed: true, pid: 4711)
  }

  func handle(_ request: Status) async throws -> Status.Reply {
    Status.Reply(running: true, pid: 812, town: "/town", heartbeatCount: 17, agents: ["backing_off": 1])
  }

  func handle(_ request: Watch) async throws -> ControlStream<Watch.Reply> { try await watch(request) }

  func handle(_ request: StopSession) async throws -> StopSession.Reply {
    struct Odd: Error {}
    throw Odd()
  }
}
