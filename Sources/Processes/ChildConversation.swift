// SPDX-License-Identifier: Apache-2.0

internal import Commands
@preconcurrency import Dispatch
import Synchronization

#if canImport(Glibc)
  import Glibc
#endif

/// Our end of a socket, the other end of which is a child's standard input and output.
///
/// Not swift-subprocess's own writer: that ends us by a fatal error where a child closes its input. No
/// thread waits: the kernel tells when there is something to read, or room to write.
final class ChildConversation: Conversation {
  let output: AsyncStream<[UInt8]>
  private let arrivals: AsyncStream<[UInt8]>.Continuation
  private let descriptor: Int32
  private let limit: Int
  private let grace: Duration
  private let queue = DispatchQueue(label: "conversation")
  private let reader: any DispatchSourceRead
  private let state = Mutex(State())

  private struct State {
    var isClosed = false
    /// The child's input has been ended; what it still prints is read.
    var isEnding = false
    /// What the kernel had no room for.
    var unsent: [UInt8] = []
    var writer: (any DispatchSourceWrite)?
    var child: Task<Void, Never>?
  }

  /// How many readings may wait for whoever takes them in, of at most ``portion`` bytes each.
  private static let patience = 256
  private static let portion = 65536

  /// - Parameters:
  ///   - descriptor: our end; it is ours to close from here on.
  ///   - limit: the most that may wait to be read by the child, in bytes.
  ///   - grace: how long the child has to end when its input has.
  init(descriptor: Int32, limit: Int, grace: Duration) {
    self.descriptor = descriptor
    self.limit = limit
    self.grace = grace
    (output, arrivals) = AsyncStream.makeStream(bufferingPolicy: .bufferingOldest(Self.patience))
    reader = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: queue)
    // Neither handler keeps us: whoever holds the conversation does, and the child's task.
    reader.setEventHandler { [weak self] in self?.read() }
    reader.setCancelHandler { [descriptor] in Glibc.close(descriptor) }
    reader.activate()
  }

  deinit { reader.cancel() }

  /// Runs the child, until it ends or is killed by being cancelled.
  func attach(_ run: @escaping @Sendable () async -> Void) {
    let child = Task {
      await run()
      // Its last words first.
      queue.async {
        self.read()
        self.close()
      }
    }
    state.withLock { $0.child = child }
  }

  func send(_ bytes: [UInt8]) -> Bool {
    let outcome: Bool? = state.withLock { state in
      if state.isClosed || state.isEnding || state.unsent.count + bytes.count > limit { return false }
      if !state.unsent.isEmpty {
        state.unsent += bytes
        return true
      }
      guard let count = write(bytes[...]) else { return nil }
      if count < bytes.count {
        state.unsent = Array(bytes[count...])
        awaitRoom(&state)
      }
      return true
    }
    if outcome == nil { close() }
    return outcome ?? false
  }

  func end() async {
    // Its output stays open until it has ended: whoever writes to it must not fail at that.
    let child = state.withLock { state in
      if !state.isClosed, !state.isEnding {
        state.isEnding = true
        shutdown(descriptor, Int32(SHUT_WR))
      }
      return state.child
    }
    guard let child else { return close() }
    let grace = self.grace
    let killer = Task {
      try? await Task.sleep(for: grace, clock: .continuous)
      child.cancel()
    }
    await child.value
    killer.cancel()
    close()
  }

  private func close() {
    let isFirst = state.withLock { state in
      if state.isClosed { return false }
      state.isClosed = true
      state.unsent = []
      state.writer?.cancel()
      state.writer = nil
      // The child hears of it now, whenever the sources let go of their descriptors.
      shutdown(descriptor, Int32(SHUT_RDWR))
      return true
    }
    guard isFirst else { return }
    reader.cancel()
    arrivals.finish()
  }

  private func read() {
    while true {
      if state.withLock({ $0.isClosed }) { return }
      var hasFailed = false
      let bytes = [UInt8](unsafeUninitializedCapacity: Self.portion) { buffer, count in
        let received = recv(descriptor, buffer.baseAddress, buffer.count, Int32(MSG_DONTWAIT))
        count = max(received, 0)
        hasFailed = received == 0 || (received < 0 && errno != EAGAIN && errno != EINTR)
      }
      if hasFailed { return close() }
      if bytes.isEmpty { return }
      if case .dropped = arrivals.yield(bytes) { return close() }
      if bytes.count < Self.portion { return }
    }
  }

  /// How many bytes the kernel took, 0 where it has no room; `nil` where nobody will read them.
  private func write(_ bytes: ArraySlice<UInt8>) -> Int? {
    let count = bytes.withUnsafeBytes {
      Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL | MSG_DONTWAIT))
    }
    if count >= 0 { return count }
    return errno == EAGAIN || errno == EINTR ? 0 : nil
  }

  /// Sends on when there is room. A source of its own descriptor, so that each can be closed with its
  /// source.
  private func awaitRoom(_ state: inout State) {
    let duplicate = fcntl(descriptor, F_DUPFD_CLOEXEC, 0)
    guard duplicate >= 0 else {
      queue.async { self.close() }
      return
    }
    let writer = DispatchSource.makeWriteSource(fileDescriptor: duplicate, queue: queue)
    writer.setEventHandler { [weak self] in self?.sendOn() }
    writer.setCancelHandler { Glibc.close(duplicate) }
    writer.activate()
    state.writer = writer
  }

  private func sendOn() {
    let isBroken = state.withLock { state in
      if state.isClosed || state.isEnding { return false }
      guard let count = write(state.unsent[...]) else { return true }
      state.unsent.removeFirst(count)
      if state.unsent.isEmpty {
        state.writer?.cancel()
        state.writer = nil
      }
      return false
    }
    if isBroken { close() }
  }
}
