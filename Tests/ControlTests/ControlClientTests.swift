// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization
import TestSupport
import Testing

@testable import Control

@Suite(.timeLimit(.minutes(1)))
struct ControlClientTests {
  @Test func nobodyThereIsSaidWithThePath() async throws {
    let directory = try SocketDirectory()
    let client = ControlClient(socketPath: directory.socket, town: "/town")
    var error = await #expect(throws: ControlError.self) { try await client.call(Beat()) }
    #expect(error?.code == .unreachable)
    #expect(error?.description == "org.gastown.Daemon.Beat at \(directory.socket): No such file or directory")
    close(try ListeningSocket.bind(directory.socket).descriptor)
    error = await #expect(throws: ControlError.self) { try await client.call(Beat()) }
    #expect(error?.code == .unreachable && error?.reason == "Connection refused")
    let long = ControlClient(socketPath: "/" + String(repeating: "x", count: 200), town: "/town")
    error = await #expect(throws: ControlError.self) { try await long.call(Beat()) }
    #expect(error?.code == .unreachable)
  }

  @Test func daemonThatNeverAnswersIsNotWaitedFor() async throws {
    let directory = try SocketDirectory()
    // The kernel accepts into the backlog; nobody ever reads.
    let socket = try ListeningSocket.bind(directory.socket)
    defer { close(socket.descriptor) }
    let client = ControlClient(socketPath: directory.socket, town: "/town")
    let error = await #expect(throws: ControlError.self) {
      try await client.call(Beat(), deadline: .milliseconds(50))
    }
    #expect(error?.code == .deadlineExceeded)
    #expect(error?.reason == "no reply after 0.05 seconds")
  }

  @Test func fullBacklogEndsAtTheDeadline() async throws {
    let directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket, backlog: 1)
    defer { close(socket.descriptor) }
    let held = [try RawConnection(directory.socket), try RawConnection(directory.socket)]
    let client = ControlClient(socketPath: directory.socket, town: "/town")
    let error = await #expect(throws: ControlError.self) {
      try await client.call(Beat(), deadline: .milliseconds(100))
    }
    #expect(error?.code == .deadlineExceeded)
    #expect(held.count == 2)
  }

  @Test func cancellingEndsTheWait() async throws {
    let directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket)
    defer { close(socket.descriptor) }
    let asked = Task {
      try await ControlClient(socketPath: directory.socket, town: "/town").call(Beat(), deadline: .seconds(50))
    }
    asked.cancel()
    await #expect(throws: CancellationError.self) { try await asked.value }
  }

  @Test func lostRequestIsSentOnceMoreWhereThatIsHarmless() async throws {
    let replies = [nil, #"{"parameters":{"heartbeat_count":3,"summary":""}}"#]
    let peer = try ScriptedPeer(replies)
    #expect(try await peer.client.call(Beat()).heartbeatCount == 3)
    #expect(await peer.ended() == 2)

    let second = try ScriptedPeer([nil, nil])
    let error = await #expect(throws: ControlError.self) { try await second.client.call(Beat()) }
    #expect(error?.code == .unreachable)
    #expect(await second.ended() == 2)
  }

  @Test func restartIsNeverSentTwice() async throws {
    let peer = try ScriptedPeer([nil])
    let error = await #expect(throws: ControlError.self) {
      try await peer.client.call(RestartSession(session: "a", who: "b", why: "c"))
    }
    #expect(error?.code == .unreachable && error?.reason == "the connection was lost before a reply")
    #expect(await peer.ended() == 1)
  }

  @Test(arguments: [
    "", "[]", "{}", "no json", #"{"parameters":{}}"#, #"{"parameters":{"heartbeat_count":"3","summary":""}}"#,
    #"{"error":7}"#,
  ])
  func whatIsNoReplyIsAViolation(reply: String) async throws {
    let peer = try ScriptedPeer([reply])
    let error = await #expect(throws: ControlError.self) { try await peer.client.call(Beat()) }
    #expect(error?.code == .protocolViolation)
  }

  @Test func errorWithOddParametersIsStillThatError() async throws {
    let peer = try ScriptedPeer([#"{"error":"org.gastown.Daemon.Busy","parameters":{"since":7}}"#])
    let error = await #expect(throws: ControlError.self) { try await peer.client.call(Beat()) }
    #expect(error?.code == .refused(.busy))
  }

  @Test func replyThatIsCutOffIsAViolation() async throws {
    let peer = try ScriptedPeer([#"{"parameters""#], terminator: "")
    let error = await #expect(throws: ControlError.self) { try await peer.client.call(Beat()) }
    #expect(error?.code == .protocolViolation && error?.reason == "the reply was cut off")
  }
  @Test(.requiresRoot, .requires(executable: "setpriv"), .requires(executable: "perl"))
  func `nothing is said to another user's program at one's own socket`() async throws {
    let directory = try SocketDirectory()
    chmod(directory.path, 0o711)
    mkdir("\(directory.path)/run", 0o700)
    let path = "\(directory.path)/run/s"
    let socket = try await StrangersSocket(path)
    let client = ControlClient(socketPath: path, town: "/town")
    // root speaks to the daemon of the socket's owner, whoever that is.
    for owner in [geteuid(), 4_000_001] {
      for place in [path, "\(directory.path)/run"] { chown(place, owner, owner) }
      var error = await #expect(throws: ControlError.self) { try await client.call(Beat()) }
      #expect(error?.code == .unreachable && error?.reason.contains("of another user") == true, "\(error as Any)")
      error = await #expect(throws: ControlError.self) { try await client.watch(Watch()) { _ in } }
      #expect(error?.code == .unreachable && error?.reason.contains("of another user") == true, "\(error as Any)")
    }
    withExtendedLifetime(socket) {}
  }

  @Test(.requiresRoot) func `a socket in a directory of others is not connected to`() async throws {
    for (owner, mode) in [(StrangersSocket.stranger, 0o700), (geteuid(), 0o777)] as [(UInt32, mode_t)] {
      let directory = try SocketDirectory()
      mkdir("\(directory.path)/run", 0o700)
      let socket = try #require(ListeningTestSocket("\(directory.path)/run/s"))
      chown("\(directory.path)/run", owner, owner)
      chmod("\(directory.path)/run", mode)
      let client = ControlClient(socketPath: "\(directory.path)/run/s", town: "/town")
      let error = await #expect(throws: ControlError.self) { try await client.call(Beat()) }
      #expect(error?.code == .unreachable && error?.reason.contains("\(directory.path)/run ") == true)
      await #expect(throws: ControlError.self) { try await client.watch(Watch()) { _ in } }
      #expect(!socket.hasClient)
      socket.close()
    }
  }
}
