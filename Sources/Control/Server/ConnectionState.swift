// SPDX-License-Identifier: Apache-2.0

/// What one connection is at, and until when it may be: the rules, without any I/O.
///
/// One request is answered at a time. While it is, nothing more is read, so that a client can make
/// the server hold one request and one read's worth of the next, and no more.
struct ConnectionState<Instant: InstantProtocol> where Instant.Duration == Duration {
  /// What the connection has to do now.
  enum Action: Equatable {
    /// Hand the request, that many bytes and its NUL, to the handler.
    case answer(length: Int)
    /// Tell the client why, and end.
    case reject(String)
    /// Ask the socket for more.
    case read
    case close
    /// End the stream of replies; its last one is written as any other.
    case endStream
    case nothing
  }

  private enum Phase: Equatable {
    /// Between two requests.
    case idle(since: Instant)
    /// Some of a request has come.
    case receiving(since: Instant)
    /// The handler has it.
    case answering
    /// The handler gives one reply after the other. However slowly the client reads, it is let: what it
    /// misses is its own loss.
    case streaming
    /// The reply is on its way to the client.
    case writing(since: Instant)
    case closed
  }

  private let limits: ControlLimits
  private var phase: Phase
  /// How many bytes at the front are known to hold no NUL.
  private var scanned = 0
  private var inputEnded = false
  private var isDraining = false

  init(limits: ControlLimits, now: Instant) {
    self.limits = limits
    phase = .idle(since: now)
  }

  /// When the connection is closed if nothing happens until then.
  var deadline: Instant? {
    switch phase {
    case .idle(let since): since.advanced(by: limits.idle)
    case .receiving(let since): since.advanced(by: limits.request)
    case .writing(let since): since.advanced(by: limits.reply)
    case .answering, .streaming, .closed: nil
    }
  }

  /// Looks for a whole request in what has arrived and was not yet handed on.
  mutating func received(_ bytes: some RandomAccessCollection<UInt8>, now: Instant) -> Action {
    switch phase {
    case .answering, .streaming, .writing, .closed: return .nothing
    case .idle, .receiving: break
    }
    if let end = bytes.dropFirst(scanned).firstIndex(of: 0) {
      scanned = 0
      let length = bytes.distance(from: bytes.startIndex, to: end)
      phase = .answering
      return length > limits.requestBytes ? .reject(tooLarge) : .answer(length: length)
    }
    scanned = bytes.count
    if bytes.count > limits.requestBytes {
      phase = .answering
      return .reject(tooLarge)
    }
    if inputEnded {
      phase = .closed
      return .close
    }
    if bytes.isEmpty {
      if case .receiving = phase { phase = .idle(since: now) }
    } else if case .idle = phase {
      phase = .receiving(since: now)
    }
    return .read
  }

  /// The handler has replies to give, one after the other.
  mutating func streamStarted() -> Action {
    guard phase == .answering else { return .endStream }
    phase = .streaming
    return isDraining ? .endStream : .nothing
  }

  /// The handler is done, and its reply, or the last one, was given to the socket.
  mutating func replyStarted(now: Instant) {
    if phase == .answering || phase == .streaming { phase = .writing(since: now) }
  }

  /// The reply has left, or there was none; `bytes` is what arrived after the request.
  mutating func replyEnded(_ bytes: some RandomAccessCollection<UInt8>, closes: Bool, now: Instant) -> Action {
    guard phase != .closed else { return .nothing }
    guard !closes, !isDraining else {
      phase = .closed
      return .close
    }
    phase = .idle(since: now)
    return received(bytes, now: now)
  }

  /// The client sends no more; what it has asked is still answered.
  mutating func inputClosed(_ bytes: some RandomAccessCollection<UInt8>, now: Instant) -> Action {
    inputEnded = true
    return received(bytes, now: now)
  }

  /// The server stops: what is being answered is answered, nothing else.
  mutating func drain() -> Action {
    isDraining = true
    switch phase {
    case .idle, .receiving:
      phase = .closed
      return .close
    case .streaming: return .endStream
    case .answering, .writing, .closed: return .nothing
    }
  }

  /// The deadline's timer went off.
  mutating func timerFired(now: Instant) -> Action {
    guard let deadline, deadline <= now else { return .nothing }
    phase = .closed
    return .close
  }

  private var tooLarge: String { "the request is larger than \(limits.requestBytes) bytes" }
}
