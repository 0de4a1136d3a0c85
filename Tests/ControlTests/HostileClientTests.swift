// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Control

/// What a client may send or leave undone, without harm to the others.
@Suite(.timeLimit(.minutes(1)))
struct HostileClientTests {
  private let beat = #"{"method":"org.gastown.Daemon.Beat","parameters":{"town":"/town"}}"#
  private let beatReply = #"{"parameters":{"heartbeat_count":7,"summary":"all alive"}}"#

  @Test(arguments: [
    (
      #"{"method":"org.gastown.Daemon.Dance","parameters":{"town":"/town"}}"#,
      #"{"error":"org.varlink.service.MethodNotFound","parameters":{"method":"org.gastown.Daemon.Dance"}}"#
    ),
    (
      #"{"method":"org.other.Beat"}"#,
      #"{"error":"org.varlink.service.InterfaceNotFound","parameters":{"interface":"org.other"}}"#
    ),
    (
      #"{"method":"org.gastown.Daemon.Beat"}"#,
      #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"town"}}"#
    ),
    (
      #"{"method":"org.gastown.Daemon.Beat","parameters":{}}"#,
      #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"town"}}"#
    ),
    (
      #"{"method":"org.gastown.Daemon.Beat","parameters":{"town":7}}"#,
      #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"town"}}"#
    ),
    (
      #"{"method":"org.gastown.Daemon.StartSession","parameters":{"town":"/town","session":"a","who":"b"}}"#,
      #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"why"}}"#
    ),
    (
      #"{"method":"org.gastown.Daemon.Beat","parameters":{"town":"/else"}}"#,
      #"{"error":"org.gastown.Daemon.WrongTown","parameters":{"expected":"/town","given":"/else"}}"#
    ),
  ])
  func wrongRequestIsAnsweredAndTheConnectionGoesOn(request: String, reply: String) async throws {
    let town = try await ServedTown.start()
    let connection = try RawConnection(town.socket)
    try await connection.send(request + "\0" + beat + "\0")
    #expect(try await connection.receive() == reply)
    #expect(try await connection.receive() == beatReply)
    await town.server.shutdown()
  }

  @Test(arguments: [
    "", "no json", "{", "[]", "null", #"{"parameters":{}}"#, #"{"method":7}"#, "\u{FFFD}\u{1}",
    String(repeating: "[", count: 200_000), #"{"method":"# + String(repeating: "{\"a\":", count: 100_000),
  ])
  func whatIsNoRequestEndsTheConnection(bytes: String) async throws {
    let town = try await ServedTown.start()
    let connection = try RawConnection(town.socket)
    try await connection.send(bytes + "\0" + beat + "\0")
    #expect(try await connection.receive()?.contains("org.gastown.Daemon.BadRequest") == true)
    #expect(try await connection.receive() == nil)
    #expect(try await town.answer(to: beat) == beatReply)
    await town.server.shutdown()
  }

  @Test(arguments: [true, false])
  func requestThatIsTooLargeIsRefused(isWhole: Bool) async throws {
    let town = try await ServedTown.start(limits: ControlLimits(requestBytes: 1000))
    let connection = try RawConnection(town.socket)
    try await connection.send(String(repeating: " ", count: 1001) + (isWhole ? "\0" : ""))
    #expect(try await connection.receive()?.contains("larger than 1000 bytes") == true)
    #expect(try await connection.receive() == nil)
    await town.server.shutdown()
  }

  @Test func requestOfTheLargestSizeIsAnswered() async throws {
    let town = try await ServedTown.start()
    let padding = String(repeating: " ", count: (1 << 20) - beat.utf8.count)
    #expect(try await town.answer(to: beat + padding) == beatReply)
    await town.server.shutdown()
  }

  @Test func requestMayArriveByteByByte() async throws {
    let town = try await ServedTown.start()
    let connection = try RawConnection(town.socket)
    for byte in beat.utf8 + [0] { try await connection.send(String(UnicodeScalar(byte))) }
    #expect(try await connection.receive() == beatReply)
    await town.server.shutdown()
  }

  @Test func requestsAreAnsweredInTheirOrder() async throws {
    let town = try await ServedTown.start()
    let connection = try RawConnection(town.socket)
    let requests = (0..<300).map {
      #"{"method":"org.gastown.Daemon.Explain","parameters":{"town":"/town","agent":"\#($0)"}}"# + "\0"
    }
    async let sent = connection.send(requests.joined())
    for number in 0..<300 {
      #expect(try await connection.receive()?.contains(#""agent":"\#(number)""#) == true)
    }
    _ = try await sent
    await town.server.shutdown()
  }

  @Test func onewayIsNotAnswered() async throws {
    let town = try await ServedTown.start()
    let connection = try RawConnection(town.socket)
    try await connection.send(
      #"{"method":"org.gastown.Daemon.Status","parameters":{"town":"/town"},"oneway":true}"# + "\0"
        + #"{"method":"org.gastown.Daemon.Dance","oneway":true}"# + "\0" + beat + "\0")
    #expect(try await connection.receive() == beatReply)
    await town.server.shutdown()
  }

  @Test func clientThatSendsNoMoreIsStillAnswered() async throws {
    let town = try await ServedTown.start()
    let connection = try RawConnection(town.socket)
    try await connection.send(beat + "\0" + beat + "\0{\"meth")
    connection.endOutput()
    #expect(try await connection.receive() == beatReply)
    #expect(try await connection.receive() == beatReply)
    #expect(try await connection.receive() == nil)
    await town.server.shutdown()
  }

  @Test(arguments: [
    ("", ControlLimits(idle: .milliseconds(100))),
    (#"{"method""#, ControlLimits(request: .milliseconds(100))),
  ])
  func connectionThatStandsStillIsClosed(sent: String, limits: ControlLimits) async throws {
    let town = try await ServedTown.start(limits: limits)
    let connection = try RawConnection(town.socket)
    try await connection.send(sent)
    #expect(try await connection.receive() == nil)
    await town.server.shutdown()
  }

  @Test func clientThatDoesNotReadIsDropped() async throws {
    let entry = Explain.Entry(
      agent: "a", rule: "r", decision: "d", reason: String(repeating: "x", count: 1 << 20))
    let town = try await ServedTown.start(
      handler: SampleHandler(explanation: Explain.Reply(entries: [entry])),
      limits: ControlLimits(reply: .milliseconds(500)))
    let connection = try RawConnection(town.socket)
    let request = #"{"method":"org.gastown.Daemon.Explain","parameters":{"town":"/town"}}"# + "\0"
    // More than the socket holds: it ends when the server does not take any more.
    let flood = String(repeating: request, count: 100_000)
    #expect(try await connection.send(flood) < flood.utf8.count)
    // One that reads gets all of it.
    #expect(try await ControlClient(socketPath: town.socket, town: "/town").call(Explain()).entries.count == 1)
    await town.server.shutdown()
  }

  @Test func clientThatIsGoneHarmsNobody() async {
    await #expect(processExitsWith: .success) {
      let gate = Gate()
      let started = Gate()
      let handler = SampleHandler(beat: {
        started.open()
        await gate.wait()
        return Beat.Reply(heartbeatCount: 1, summary: String(repeating: "x", count: 1 << 20))
      })
      let town = try await ServedTown.start(handler: handler)
      do {
        let connection = try RawConnection(town.socket)
        try await connection.send(#"{"method":"org.gastown.Daemon.Beat","parameters":{"town":"/town"}}"# + "\0")
        await started.wait()
      }
      gate.open()
      #expect(try await town.client.call(Status()).running)
      await town.server.shutdown()
    }
  }
}
