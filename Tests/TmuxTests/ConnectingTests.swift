// SPDX-License-Identifier: Apache-2.0

import Commands
import Synchronization
import TestSupport
import Testing

@testable import Tmux

/// While a lasting client says who it is, whatever tmux tells such clients of would end its server.
@Suite struct ConnectingTests {
  private let world = ConnectingWorld()

  private func client(_ control: ControlClient) -> TmuxClient {
    TmuxClient(server: .path("/nowhere"), runner: world, control: control)
  }

  private func control() -> ControlClient {
    ControlClient(server: .path("/nowhere"), starter: world, silence: .seconds(60), limit: .seconds(60))
  }

  @Test func `nothing is changed while a client connects, and what is only asked does not wait`() async throws {
    let control = control()
    let client = client(control)
    _ = try await client.version()
    #expect(world.log == ["display-message", "connects"])
    async let change = client.run([["new-session", "-d"]], operation: "x")
    async let other = client.run([["kill-session"]], operation: "x")
    _ = try await client.version()
    #expect(world.log == ["display-message", "connects", "display-message"])
    world.answerConnection()
    _ = try await (change, other)
    #expect(Set(world.log.dropFirst(3)).subtracting(["ended"]) == ["new-session", "kill-session"])
    await control.end()
  }

  @Test func `no client connects while something is changed`() async throws {
    let control = control()
    let client = client(control)
    world.stopsAt("new-session")
    let change = Task { try await client.run([["new-session", "-d"]], operation: "x") }
    try await eventually("the change") { world.log == ["new-session"] }
    _ = try await client.version()
    #expect(world.log == ["new-session", "display-message"])
    world.goOn()
    _ = try await change.value
    #expect(world.log == ["new-session", "display-message", "connects"])
    world.answerConnection()
    await control.end()
  }

  @Test func `a client that connects is not cut off by its own end`() async throws {
    let control = control()
    _ = try await client(control).version()
    let ending = Task { await control.end() }
    for _ in 0..<100 { await Task.yield() }
    #expect(!world.log.contains("ended"))
    world.answerConnection()
    await ending.value
    #expect(world.log.last == "ended")
  }
}

/// A `tmux` that succeeds at everything, and one that stays and says nothing until it ends.
private final class ConnectingWorld: CommandRunner, ConversationStarter, Conversation, Sendable {
  private struct State {
    var log: [String] = []
    var stop: String?
    var stopped: CheckedContinuation<Void, Never>?
  }

  private let state = Mutex(State())
  let output: AsyncStream<[UInt8]>
  private let printer: AsyncStream<[UInt8]>.Continuation

  init() { (output, printer) = AsyncStream.makeStream() }

  var log: [String] { state.withLock { $0.log } }

  func stopsAt(_ word: String) { state.withLock { $0.stop = word } }

  func goOn() { state.withLock { $0.stopped.take() }?.resume() }

  /// The connection ends, which is an answer too.
  func answerConnection() { printer.finish() }

  @concurrent func run(_ command: Command) async throws -> CommandResult {
    let word = command.arguments.first { $0.contains("-") && !$0.hasPrefix("-") } ?? "nothing"
    await withCheckedContinuation { continuation in
      let goesOn = state.withLock { state in
        state.log.append(word)
        if state.stop == word { state.stopped = continuation }
        return state.stop != word
      }
      if goesOn { continuation.resume() }
    }
    return CommandResult(ending: .exited(0), standardOutput: Array("3.3a\n".utf8))
  }

  func converse(_ command: Command) throws(CommandError) -> any Conversation {
    state.withLock { $0.log.append("connects") }
    return self
  }

  func send(_ bytes: [UInt8]) -> Bool { true }

  func end() async { state.withLock { $0.log.append("ended") } }
}
