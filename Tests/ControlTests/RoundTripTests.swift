// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Control

@Suite(.timeLimit(.minutes(1)))
struct RoundTripTests {
  @Test func everyMethodIsAnswered() async throws {
    let town = try await ServedTown.start()
    let client = town.client
    #expect(try await client.call(Beat()) == Beat.Reply(heartbeatCount: 7, summary: "all alive"))
    #expect(try await client.call(Explain()).entries.isEmpty)
    let entry = try await client.call(Explain(agent: "my-rig/toast")).entries.first
    #expect(entry?.agent == "my-rig/toast" && entry?.until == "2026-11-23T15:18:00Z")
    let health = try await client.call(Health())
    #expect(
      health
        == Health.Reply(
          healthy: false, turnAgeMilliseconds: 1500, overdueJobs: ["snapshot"], reason: "overdue"))
    #expect(try await client.call(Lifecycle()).executed == 2)
    #expect(try await client.call(Refresh()) == Refresh.Reply())
    #expect(try await client.call(NoteHold(place: "all", held: false, who: "ada", why: "")) == NoteHold.Reply())
    let outcome = try await client.call(StartSession(session: "my-rig/toast", who: "mayor/", why: "näxt\n\"bead\""))
    #expect(outcome == SessionOutcome(outcome: "my-rig/toast for mayor/: näxt\n\"bead\"", changed: true, pid: 4711))
    #expect(try await client.call(Status()).agents == ["backing_off": 1])
    await town.server.shutdown()
  }

  @Test func refusalsKeepTheirNames() async throws {
    let town = try await ServedTown.start()
    let session = "my-rig/toast"
    await expectRefusal(.busy) {
      try await town.client.call(RestartSession(session: session, who: "", why: ""))
    }
    await expectRefusal(.refused(message: "mayor/daemon.json: unknown key 'x'")) {
      try await town.client.call(Reload())
    }
    await expectRefusal(.failed(message: "Odd()")) {
      try await town.client.call(StopSession(session: session, who: "", why: ""))
    }
    let stranger = ControlClient(socketPath: town.socket, town: "/other")
    await expectRefusal(.wrongTown(expected: "/town", given: "/other")) { try await stranger.call(Beat()) }
    #expect(try await stranger.information().version == "1.2.3")
    await town.server.shutdown()
  }

  private func expectRefusal(_ failure: ControlFailure, _ body: () async throws -> any Sendable) async {
    let error = await #expect(throws: ControlError.self) { _ = try await body() }
    #expect(error?.code == .refused(failure))
    #expect(error?.reason == failure.description)
    #expect(error?.method.hasPrefix("org.gastown.Daemon.") == true)
  }

  @Test(arguments: [
    ControlFailure.wrongTown(expected: "a", given: "b"), .failed(message: "m"), .refused(message: "m"), .busy,
    .stopping, .badRequest(message: "m"), .methodNotFound(method: "a.B"), .methodNotImplemented(method: "a.B"),
    .invalidParameter(parameter: "p"), .interfaceNotFound(interface: "a"), .expectedMore,
    .other(name: "a.Odd", parameters: ["k": "v"]),
  ])
  func failureIsReadAsItWasWritten(failure: ControlFailure) {
    let (name, parameters) = failure.wire
    #expect(ControlFailure(name: name, parameters: parameters) == failure)
    #expect(!failure.description.isEmpty)
  }

  @Test func absentValuesAreNull() throws {
    let status = Status.Reply(running: false, town: "/home/a/gt", heartbeatCount: 0)
    let text = String(decoding: try ControlJSON.encode(status), as: UTF8.self)
    #expect(
      text == #"{"agents":{},"heartbeat_count":0,"last_heartbeat":null,"next_heartbeat":null,"pid":null,"#
        + #""running":false,"started_at":null,"town":"/home/a/gt","troubles":[]}"#)
    #expect(try ControlJSON.decode(Status.Reply.self, from: Data(text.utf8)) == status)
    let short = #"{"agents":{},"heartbeat_count":0,"running":false,"town":"/home/a/gt"}"#
    #expect(try ControlJSON.decode(Status.Reply.self, from: Data(short.utf8)) == status)
  }
}
