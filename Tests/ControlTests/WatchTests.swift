// SPDX-License-Identifier: Apache-2.0

import Synchronization
import TestSupport
import Testing

@testable import Control

/// Requests that are answered with one reply after the other.
@Suite(.timeLimit(.minutes(1)))
struct WatchTests {
  private let request = #"{"method":"org.gastown.Daemon.Watch","parameters":{"town":"/town"},"more":true}"#

  private static func event(_ number: Int, text: String = "x") -> Watch.Reply {
    Watch.Reply(event: "agent_started", time: "2026-11-23T15:18:00Z", sequence: number, town: "/town", message: text)
  }

  /// A handler whose streams give what the test sends, and that counts those that are open.
  private final class Source: Sendable {
    let streams = Mutex<[AsyncStream<Watch.Reply>.Continuation]>([])
    let open = Mutex(0)

    func handler() -> SampleHandler {
      SampleHandler(watch: { _ in
        let (stream, continuation) = AsyncStream.makeStream(of: Watch.Reply.self)
        self.streams.withLock { $0.append(continuation) }
        self.open.withLock { $0 += 1 }
        continuation.onTermination = { _ in self.open.withLock { $0 -= 1 } }
        let elements = Elements(stream)
        return ControlStream { await elements.next() }
      })
    }

    func send(_ event: Watch.Reply) { for stream in streams.withLock({ $0 }) { stream.yield(event) } }
  }

  private actor Elements {
    private let stream: AsyncStream<Watch.Reply>

    init(_ stream: AsyncStream<Watch.Reply>) { self.stream = stream }

    func next() async -> Watch.Reply? {
      for await element in stream { return element }
      return nil
    }
  }

  @Test func eventsComeOneAfterTheOtherUntilTheServerStops() async throws {
    let source = Source()
    let town = try await ServedTown.start(handler: source.handler())
    let connection = try RawConnection(town.socket)
    try await connection.send(request + "\0")
    try await eventually("the stream") { source.open.withLock { $0 } == 1 }
    for number in 1...3 { source.send(Self.event(number)) }
    for number in 1...3 {
      let reply = try #require(try await connection.receive())
      #expect(reply.hasPrefix(#"{"continues":true,"parameters":{"agent":null,"#))
      #expect(reply.contains(#""event":"agent_started""#) && reply.contains(#""sequence":\#(number),"#))
    }
    // Others are served meanwhile.
    #expect(try await town.client.call(Beat()).heartbeatCount == 7)
    async let stopped: Void = town.server.shutdown()
    #expect(try await connection.receive() == #"{"error":"org.gastown.Daemon.Stopping","parameters":{}}"#)
    #expect(try await connection.receive() == nil)
    await stopped
    #expect(source.open.withLock { $0 } == 0)
  }

  @Test(arguments: [
    (
      #"{"method":"org.gastown.Daemon.Watch","parameters":{"town":"/town"}}"#,
      #"{"error":"org.varlink.service.ExpectedMore","parameters":{}}"#
    ),
    (
      #"{"method":"org.gastown.Daemon.Watch","parameters":{"town":"/town","events":"all"},"more":true}"#,
      #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"events"}}"#
    ),
    (
      #"{"method":"org.gastown.Daemon.Watch","more":true}"#,
      #"{"error":"org.varlink.service.InvalidParameter","parameters":{"parameter":"town"}}"#
    ),
  ])
  func wrongRequestIsNoStream(request: String, reply: String) async throws {
    let source = Source()
    let town = try await ServedTown.start(handler: source.handler())
    #expect(try await town.answer(to: request) == reply)
    #expect(source.streams.withLock { $0.isEmpty })
    await town.server.shutdown()
  }

  /// Other methods are answered once, whatever the client would take.
  @Test func moreIsNoMoreThanAnOffer() async throws {
    let town = try await ServedTown.start()
    let reply = try await town.answer(
      to: #"{"method":"org.gastown.Daemon.Beat","parameters":{"town":"/town"},"more":true}"#)
    #expect(reply == #"{"parameters":{"heartbeat_count":7,"summary":"all alive"}}"#)
    await town.server.shutdown()
  }

  @Test func streamOfAClientThatIsGoneEnds() async throws {
    let source = Source()
    let town = try await ServedTown.start(handler: source.handler())
    do {
      let connection = try RawConnection(town.socket)
      try await connection.send(request + "\0")
      try await eventually("the stream") { source.open.withLock { $0 } == 1 }
      source.send(Self.event(1))
      _ = try await connection.receive()
    }
    try await eventually("its end") { source.open.withLock { $0 } == 0 }
    await town.server.shutdown()
  }

  /// One reply is asked for at a time: what is not read stays with the handler, which bounds it.
  @Test func slowReaderIsNotReadAhead() async throws {
    let asked = Mutex(0)
    let handler = SampleHandler(watch: { _ in
      ControlStream {
        let number = asked.withLock { asked in
          asked += 1
          return asked
        }
        return WatchTests.event(number, text: String(repeating: "x", count: 1 << 18))
      }
    })
    let town = try await ServedTown.start(handler: handler, limits: ControlLimits(reply: .milliseconds(50)))
    let connection = try RawConnection(town.socket)
    try await connection.send(request + "\0")
    try await eventually("the socket is full") { asked.withLock { $0 } >= 1 }
    try await Task.sleep(for: .milliseconds(300))
    #expect(asked.withLock { $0 } <= 2)
    // It is not dropped for that, and everybody else is answered.
    #expect(try await town.client.call(Beat()).heartbeatCount == 7)
    for number in 1...3 { #expect(try await connection.receive()?.contains(#""sequence":\#(number),"#) == true) }
    await town.server.shutdown(grace: .milliseconds(100))
  }

  @Test func clientReadsTheStream() async throws {
    let source = Source()
    let town = try await ServedTown.start(handler: source.handler())
    let seen = Mutex<[Int]>([])
    async let watching: Void = town.client.watch(Watch()) { event in seen.withLock { $0.append(event.sequence) } }
    try await eventually("the stream") { source.open.withLock { $0 } == 1 }
    for number in 1...200 { source.send(Self.event(number)) }
    try await eventually("all events") { seen.withLock { $0.count } == 200 }
    #expect(seen.withLock { $0 } == Array(1...200))
    await town.server.shutdown()
    // The daemon's end is the stream's regular end.
    try await watching
  }

  @Test func clientIsToldWhatIsRefused() async throws {
    let town = try await ServedTown.start(handler: SampleHandler(watch: { _ in throw ControlFailure.busy }))
    let busy = await #expect(throws: ControlError.self) { try await town.client.watch(Watch()) { _ in } }
    #expect(busy?.code == .refused(.busy))
    await town.server.shutdown()
    let gone = await #expect(throws: ControlError.self) { try await town.client.watch(Watch()) { _ in } }
    #expect(gone?.code == .unreachable)
  }

  @Test func clientWaitsForTheFirstReplyOnlySoLong() async throws {
    let source = Source()
    let town = try await ServedTown.start(handler: source.handler())
    let error = await #expect(throws: ControlError.self) {
      try await town.client.watch(Watch(), deadline: .milliseconds(100)) { _ in }
    }
    #expect(error?.code == .unreachable)
    await town.server.shutdown()
  }
}
