// SPDX-License-Identifier: Apache-2.0

package import Commands

/// One lasting client of one tmux server, in control mode: what it is asked costs no process.
///
/// It is never relied upon. While there is none, or when it is lost, whoever asks runs a `tmux` of his
/// own; connecting happens in the background, and only after such a `tmux` has had an answer.
///
/// While a client says who it is, tmux 3.3a and 3.5a end with a segmentation fault, and every session with it, where
/// something happens that control clients are told of, such as a new session (tmux#4980, tmux#5004). So nothing is
/// changed by us while one connects, and none connects while something is changed by us: ``beginChange()``.
package actor ControlClient {
  /// What became of a request.
  enum Answer: Sendable {
    case answered(CommandResult)
    /// Nothing was sent. Whoever asks can ask in another way.
    case unsent
    /// It was sent, and whether it was carried out is not known.
    case lost(String)
  }

  private enum State {
    case idle
    case connecting(any Conversation)
    case connected(any Conversation, since: ContinuousClock.Instant)
    case ended

    var conversation: (any Conversation)? {
      switch self {
      case .connecting(let conversation), .connected(let conversation, _): conversation
      case .idle, .ended: nil
      }
    }
  }

  private let command: Command
  private let starter: any ConversationStarter
  private let silence: Duration
  private let limit: Duration
  private let clock = ContinuousClock()
  private var state = State.idle
  private var pace = ControlPace()
  private var exchange = ControlExchange()
  private var waiters: [ControlExchange.RequestID: CheckedContinuation<Answer, any Error>] = [:]
  private var watch: Task<Void, Never>?
  /// How many commands are at work that may change what control clients are told of.
  private var changes = 0
  /// Those who wait until it is known whether the server answers.
  private var settling: [CheckedContinuation<Void, Never>] = []
  /// Counts the clients, so that what an old one says last is not taken for a new one's.
  private var reading = 0

  /// - Parameters:
  ///   - executable: a path, or a name that is looked up on the environment's `PATH`.
  ///   - silence: how long a server may leave a request unanswered while nothing at all comes from it.
  ///   - limit: how long it may, while something comes.
  ///   - environment: of the client; `nil` is the starter's.
  package init(
    server: TmuxServer, executable: String = "tmux", starter: any ConversationStarter,
    silence: Duration = .seconds(1), limit: Duration = .seconds(5), environment: [String: String]? = nil
  ) {
    command = Command(
      executable, ["-N", "-u", "-C"] + server.arguments + TmuxArgument.words(of: Keeper.commands),
      environment: environment, workingDirectory: "/", deadline: .milliseconds(250))
    self.starter = starter
    self.silence = min(silence, limit)
    self.limit = limit
  }

  /// Whether requests are sent at present.
  package var isConnected: Bool { if case .connected = state { true } else { false } }

  /// Whether it is not known yet whether the server answers.
  var isConnecting: Bool { if case .connecting = state { true } else { false } }

  /// Sends `commands` where that can be done at once, and waits for the answer.
  ///
  /// - Throws: `CancellationError`, and the commands are carried out nevertheless.
  func run(_ commands: [[String]]) async throws -> Answer {
    guard case .connected(let conversation, _) = state else { return .unsent }
    return try await ask(commands, in: conversation)
  }

  /// To be called before anything is changed on the server, with or without this client, and followed by
  /// ``endChange()``. Waits while a client connects.
  func beginChange() async {
    await settle()
    changes += 1
  }

  func endChange() { changes -= 1 }

  private func settle() async {
    while isConnecting { await withCheckedContinuation { settling.append($0) } }
  }

  private func noteSettled() {
    for continuation in settling { continuation.resume() }
    settling = []
  }

  /// Connects in the background, unless that was tried a short while ago. To be called when the server
  /// is known to answer.
  package func connectWhereDue() {
    guard case .idle = state, changes == 0, pace.mayConnect(at: clock.now) else { return }
    let conversation: any Conversation
    do {
      conversation = try starter.converse(command)
    } catch {
      return pace.noteLost(connectedAt: nil, at: clock.now)
    }
    exchange.reset()
    state = .connecting(conversation)
    reading += 1
    let number = reading
    Task {
      for await bytes in conversation.output { self.take(bytes, number: number) }
      self.lose(number: number, because: "the tmux server closed the connection")
      await conversation.end()
    }
    Task {
      // It is there when it has answered.
      guard case .answered(let result)? = try? await self.ask([["display-message", "-p", "here"]], in: conversation),
        result.succeeded
      else { return self.lose(number: number, because: "the tmux server did not answer a new client") }
      self.noteConnected(number: number)
    }
  }

  /// Ends the client, for good, and returns when its process has ended.
  package func end() async {
    // One that is cut off in the middle of saying who it is takes the server along.
    await settle()
    let conversation = state.conversation
    lose(number: reading, because: "the connection was closed")
    state = .ended
    await conversation?.end()
  }

  private func noteConnected(number: Int) {
    guard number == reading, case .connecting(let conversation) = state else { return }
    state = .connected(conversation, since: clock.now)
    noteSettled()
  }

  private func ask(_ commands: [[String]], in conversation: any Conversation) async throws -> Answer {
    let (id, bytes) = exchange.add(commands, at: clock.now)
    guard conversation.send(bytes) else {
      exchange.removeLast()
      return .unsent
    }
    watchSilence()
    return try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { waiters[id] = $0 }
    } onCancel: {
      Task { await self.cancel(id) }
    }
  }

  private func cancel(_ id: ControlExchange.RequestID) {
    waiters.removeValue(forKey: id)?.resume(throwing: CancellationError())
  }

  private func take(_ bytes: [UInt8], number: Int) {
    guard number == reading, state.conversation != nil else { return }
    do {
      for (id, result) in try exchange.take(bytes, at: clock.now) {
        waiters.removeValue(forKey: id)?.resume(returning: .answered(result))
      }
    } catch {
      lose(number: number, because: "the tmux server answered more than can be kept")
    }
  }

  /// Gives the present client up. What it was asked is not known to have been done.
  private func lose(number: Int, because reason: String) {
    guard number == reading, let conversation = state.conversation else { return }
    var connectedAt: ContinuousClock.Instant?
    if case .connected(_, let since) = state { connectedAt = since }
    state = .idle
    noteSettled()
    pace.noteLost(connectedAt: connectedAt, at: clock.now)
    watch?.cancel()
    watch = nil
    for id in exchange.pending { waiters.removeValue(forKey: id)?.resume(returning: .lost(reason)) }
    exchange.reset()
    Task { await conversation.end() }
  }

  /// Sees that the server goes on answering, for as long as somebody waits for it. One timer at most, and
  /// none while nobody asks.
  private func watchSilence() {
    guard watch == nil, let time = giveUpTime else { return }
    watch = Task { [clock, weak self] in
      guard (try? await clock.sleep(until: time)) != nil else { return }
      await self?.lookAtSilence()
    }
  }

  private func lookAtSilence() {
    watch = nil
    guard let time = giveUpTime else { return }
    if time > clock.now { return watchSilence() }
    lose(number: reading, because: "no answer from the tmux server")
  }

  private var giveUpTime: ContinuousClock.Instant? { exchange.giveUpTime(silence: silence, limit: limit) }
}
