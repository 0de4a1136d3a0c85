// SPDX-License-Identifier: Apache-2.0

import Control

/// Answers every request at once.
struct AnsweringHandler: ControlHandler {
  func handle(_ request: Beat) async throws -> Beat.Reply { Beat.Reply(heartbeatCount: 1, summary: "done") }
  func handle(_ request: Explain) async throws -> Explain.Reply {
    Explain.Reply(entries: [.init(agent: request.agent ?? "", rule: "r", decision: "d", reason: "")])
  }
  func handle(_ request: Health) async throws -> Health.Reply { Health.Reply(healthy: true, turnAgeMilliseconds: nil) }
  func handle(_ request: Lifecycle) async throws -> Lifecycle.Reply {
    Lifecycle.Reply(executed: 0, refused: 0, summary: "")
  }
  func handle(_ request: Refresh) async throws -> Refresh.Reply { Refresh.Reply() }
  func handle(_ request: NoteHold) async throws -> NoteHold.Reply { NoteHold.Reply() }
  func handle(_ request: Reload) async throws -> Reload.Reply { Reload.Reply() }
  func handle(_ request: ResetSession) async throws -> ResetSession.Reply { outcome(request) }
  func handle(_ request: RestartSession) async throws -> RestartSession.Reply { outcome(request) }
  func handle(_ request: StartSession) async throws -> StartSession.Reply { outcome(request) }
  func handle(_ request: Status) async throws -> Status.Reply {
    Status.Reply(running: true, town: "/town", heartbeatCount: 1)
  }
  func handle(_ request: StopSession) async throws -> StopSession.Reply { outcome(request) }
  func handle(_ request: Watch) async throws -> ControlStream<Watch.Reply> { ControlStream { nil } }

  private func outcome<Verb>(_ request: SessionRequest<Verb>) -> SessionOutcome {
    SessionOutcome(outcome: "\(request.who): \(request.session) (\(request.why))", changed: true)
  }
}
