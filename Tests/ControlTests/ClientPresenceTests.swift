// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import Testing

@testable import Control

/// Requests that wait at the socket of a daemon that is not there yet, or that stood still.
@Suite(.timeLimit(.minutes(1))) struct ClientPresenceTests {
  private static func request(_ method: String, _ rest: String = "") -> String {
    #"{"method":"org.gastown.Daemon.\#(method)","parameters":{"town":"/town"}\#(rest)}"# + "\0"
  }

  /// A town whose beats are counted, at a socket at which requests may wait already.
  private func served(
    counting counter: Counter, in directory: SocketDirectory, at socket: ListeningSocket
  ) async throws -> ServedTown {
    try await ServedTown.start(
      handler: SampleHandler(beat: {
        counter.add()
        return Beat.Reply(heartbeatCount: counter.count, summary: "")
      }), in: directory, endpoint: .descriptor(socket.descriptor))
  }

  @Test func `a request is not begun whose client has given up, and that of one who waits is`() async throws {
    let directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket)
    do {
      let lost = try RawConnection(directory.socket)
      try await lost.send(Self.request("Beat"))
      lost.hangUp()
    }
    let waiting = try RawConnection(directory.socket)
    try await waiting.send(Self.request("Beat"))
    // It sends no more, and reads its reply.
    waiting.endOutput()
    let counter = Counter()
    let town = try await served(counting: counter, in: directory, at: socket)
    let answer = try await waiting.receive()
    #expect(answer?.contains(#""heartbeat_count":1"#) == true, "\(answer ?? "none")")
    #expect(try await town.client.call(Beat()).heartbeatCount == 2)
    await town.server.shutdown()
  }

  @Test func `a request that wants no reply is carried out although its client has gone`() async throws {
    let directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket)
    do {
      let lost = try RawConnection(directory.socket)
      try await lost.send(Self.request("Beat", #","oneway":true"#))
      lost.hangUp()
    }
    let counter = Counter()
    let town = try await served(counting: counter, in: directory, at: socket)
    while counter.count == 0 { try await Task.sleep(for: .milliseconds(5)) }
    await town.server.shutdown()
    #expect(counter.count == 1)
  }

  @Test func `a client is gone when it has closed its connection, and not when it only sends no more`() throws {
    var ends: [Int32] = [-1, -1]
    try #require(socketpair(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0, &ends) == 0)
    let client = ClientPresence(descriptor: ends[0])
    #expect(!client.isGone)
    shutdown(ends[1], Int32(SHUT_WR))
    #expect(!client.isGone)
    close(ends[1])
    #expect(client.isGone)
    client.end()
    close(ends[0])
    #expect(client.isGone)
  }
}

private final class Counter: Sendable {
  private let value = Mutex(0)

  var count: Int { value.withLock { $0 } }

  func add() { value.withLock { $0 += 1 } }
}
