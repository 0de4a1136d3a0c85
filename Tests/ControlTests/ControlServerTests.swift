// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Synchronization
import Testing

@testable import Control

@Suite(.timeLimit(.minutes(1)))
struct ControlServerTests {
  @Test func manyClientsAreServedAtOnce() async throws {
    let running = Mutex((now: 0, most: 0))
    let handler = SampleHandler(beat: {
      running.withLock {
        $0.now += 1
        $0.most = max($0.most, $0.now)
      }
      try await Task.sleep(for: .milliseconds(5))
      running.withLock { $0.now -= 1 }
      return Beat.Reply(heartbeatCount: 1, summary: "")
    })
    let town = try await ServedTown.start(handler: handler, limits: ControlLimits(connections: 16))
    let client = town.client
    try await withThrowingTaskGroup(of: Beat.Reply.self) { group in
      for _ in 0..<200 { group.addTask { try await client.call(Beat(), deadline: .seconds(50)) } }
      for try await reply in group { #expect(reply.heartbeatCount == 1) }
    }
    #expect(running.withLock { $0.most } <= 16)
    #expect(running.withLock { $0.most } > 1)
    await town.server.shutdown()
  }

  @Test func furtherConnectionsWaitWhereAllAreAtWork() async throws {
    let gate = Gate()
    let started = Gate()
    let handler = SampleHandler(beat: {
      started.open()
      await gate.wait()
      return Beat.Reply(heartbeatCount: 1, summary: "")
    })
    let town = try await ServedTown.start(handler: handler, limits: ControlLimits(connections: 1))
    let client = town.client
    let first = Task { try await client.call(Beat()) }
    await started.wait()
    await #expect(throws: ControlError.self) { try await client.call(Status(), deadline: .milliseconds(100)) }
    let waiting = Task { try await client.call(Status()) }
    gate.open()
    #expect(try await waiting.value.running)
    #expect(try await first.value.heartbeatCount == 1)
    await town.server.shutdown()
  }

  @Test func whoWantsNothingMakesRoom() async throws {
    let town = try await ServedTown.start(limits: ControlLimits(connections: 3, patience: .seconds(1)))
    let silent = try RawConnection(town.socket)
    let half = try RawConnection(town.socket)
    try await half.send(#"{"method":"org"#)
    var asked: [RawConnection] = []
    for _ in 0..<3 {
      let connection = try RawConnection(town.socket)
      try await connection.send(#"{"method":"org.varlink.service.GetInfo"}"# + "\0")
      #expect(try await connection.receive() != nil)
      asked.append(connection)
    }
    #expect(try await silent.receive() == nil)
    #expect(try await half.receive() == nil)
    #expect(try await town.client.call(Status()).running)
    await town.server.shutdown()
  }

  @Test func strangersAreClosedWithoutAWord() async throws {
    let peers = Mutex<[PeerCredentials]>([])
    let town = try await ServedTown.start(isAllowed: { peer in
      peers.withLock { $0.append(peer) }
      return false
    })
    let error = await #expect(throws: ControlError.self) { try await town.client.call(Status()) }
    #expect(error?.code == .unreachable)
    #expect(
      peers.withLock { $0.first } == PeerCredentials(processIdentifier: getpid(), userIdentifier: geteuid()))
    await town.server.shutdown()
  }

  @Test func ownUserAndRootAreAllowed() {
    let isAllowed = PeerCredentials.ownerOrRoot
    #expect(isAllowed(PeerCredentials(processIdentifier: 1, userIdentifier: geteuid())))
    #expect(isAllowed(PeerCredentials(processIdentifier: 1, userIdentifier: 0)))
    #expect(!isAllowed(PeerCredentials(processIdentifier: 1, userIdentifier: 65_534)))
  }

  @Test func socketThatWasHandedOverIsLeftInPlace() async throws {
    let directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket)
    let copy = dup(socket.descriptor)
    defer { close(copy) }
    for _ in 0..<2 {
      let town = try await ServedTown.start(in: directory, endpoint: .descriptor(dup(copy)))
      #expect(try await town.client.call(Status()).running)
      await town.server.shutdown()
      #expect(access(directory.socket, F_OK) == 0)
    }
    // A client that comes in between waits for the next server.
    let waiting = Task {
      try await ControlClient(socketPath: directory.socket, town: "/town").call(Status())
    }
    let town = try await ServedTown.start(in: directory, endpoint: .descriptor(socket.descriptor))
    #expect(try await waiting.value.running)
    await town.server.shutdown()
    #expect(fcntl(copy, F_GETFD) >= 0)
  }

  @Test func descriptorThatDoesNotListenIsRefused() async throws {
    let descriptor = open("/dev/null", O_RDONLY)
    defer { close(descriptor) }
    let error = await #expect(throws: ListenError.self) {
      _ = try await ServedTown.start(endpoint: .descriptor(descriptor))
    }
    #expect(error?.code == .unusableDescriptor)
  }

  @Test func pathIsServedAgainAfterTheEnd() async throws {
    let directory = try SocketDirectory()
    for _ in 0..<3 {
      let town = try await ServedTown.start(in: directory)
      #expect(try await town.client.call(Status()).running)
      await town.server.shutdown()
      #expect(access(directory.socket, F_OK) != 0)
    }
  }

  @Test func shutdownAnswersWhatWasAsked() async throws {
    let gate = Gate()
    let started = Gate()
    let town = try await ServedTown.start(
      handler: SampleHandler(beat: {
        started.open()
        await gate.wait()
        return Beat.Reply(heartbeatCount: 9, summary: "")
      }))
    let idle = try RawConnection(town.socket)
    let answered = Task { [client = town.client] in try await client.call(Beat()) }
    await started.wait()
    async let ended: Void = town.server.shutdown(grace: .seconds(50))
    // The idle one is closed at once, which also says that the drain has begun.
    #expect(try await idle.receive() == nil)
    gate.open()
    #expect(try await answered.value.heartbeatCount == 9)
    await ended
  }

  @Test func shutdownDoesNotWaitForever() async throws {
    let never = Gate()
    let started = Gate()
    let cancelled = Gate()
    let town = try await ServedTown.start(
      handler: SampleHandler(beat: {
        started.open()
        await never.wait()
        cancelled.open()
        throw CancellationError()
      }))
    let asked = Task { [client = town.client] in try await client.call(Beat()) }
    await started.wait()
    await town.server.shutdown(grace: .milliseconds(20))
    await cancelled.wait()
    await #expect(throws: ControlError.self) { try await asked.value }
  }

  @Test func wantOfDescriptorsPasses() async {
    await #expect(processExitsWith: .success) {
      let town = try await ServedTown.start()
      let connection = try RawConnection(town.socket)
      try await connection.send(#"{"method":"org.varlink.service.GetInfo"}"# + "\0")
      #expect(try await connection.receive() != nil)
      // What the runtime needs for its timers it has from here on. One that is over before it is set needs nothing.
      try await Task.sleep(for: .milliseconds(200))
      // The next descriptor is the last one, and the client takes it.
      let next = dup(0)
      close(next)
      var former = rlimit()
      getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &former)
      var tight = rlimit(rlim_cur: rlim_t(next + 1), rlim_max: former.rlim_max)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &tight)
      let second = try RawConnection(town.socket)
      let before = clock()
      try await Task.sleep(for: .milliseconds(500))
      // Nobody spins meanwhile: of half a second, less than a quarter is spent.
      #expect(clock() - before < 125_000)
      setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &former)
      try await second.send(#"{"method":"org.varlink.service.GetInfo"}"# + "\0")
      #expect(try await second.receive() != nil)
      await town.server.shutdown()
    }
  }

  @Test func endOfTheListenerIsTold() async throws {
    let town = try await ServedTown.start()
    async let ended: Void = town.server.untilEnded()
    await town.server.shutdown()
    try await ended
  }
}
