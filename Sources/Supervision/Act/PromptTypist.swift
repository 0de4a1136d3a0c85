// SPDX-License-Identifier: Apache-2.0

package import Faults
package import Processes
package import Tmux
package import Town

extension PaneScreen {
  package init(_ view: PaneView) {
    self.init(
      rows: view.rows, bright: view.bright, column: view.column, row: view.row, title: view.title,
      isInMode: view.isInMode)
  }
}

/// Types a text at one agent's prompt, and submits it.
///
/// Nothing is typed but at an empty prompt that was seen twice, a second apart, and that tmux finds unchanged in the step
/// in which it pastes. Enter is pressed only where the input line holds exactly the text, and again only where
/// the same text still stands there and nothing on the screen has changed.
package struct PromptTypist: Sendable {
  /// Why the text was not submitted.
  package enum Failure: Error, Sendable, Hashable {
    /// There is no prompt; nothing was typed.
    case noPrompt(PromptState)
    /// The prompt changed each time before something could be typed at it; nothing was typed.
    case restless
    /// The text was typed, and does not stand on the input line, or not it alone; Enter was not pressed.
    case notShown(PromptState)
    /// Enter was pressed, and the text still stands there.
    case notSubmitted
    /// The agent has ended, or left a shell in its place.
    case gone

    /// Whether it may be tried again: nothing was typed, and the agent is there.
    package var isBeforeTyping: Bool {
      switch self {
      case .noPrompt, .restless: true
      case .notShown, .notSubmitted, .gone: false
      }
    }
  }

  /// How a text may be typed.
  package struct Manner: Sendable, Hashable {
    /// Whether an agent at work may be typed to, where it keeps what is submitted until it has time.
    package var queues = false
    package var typed: FaultPoint
    package var submitted: FaultPoint?

    package init(queues: Bool = false, typed: FaultPoint, submitted: FaultPoint? = nil) {
      self.queues = queues
      self.typed = typed
      self.submitted = submitted
    }
  }

  private let client: TmuxClient
  private let pane: PaneID
  private let process: ProcessIdentity
  private let processes: ProcessTable
  /// How often Enter is pressed at most.
  private static let presses = 3
  /// Between the two looks at a prompt.
  private static let rest = Duration.seconds(1)

  /// - Parameter process: who reads what is typed, or the shell below which it runs.
  package init(client: TmuxClient, pane: PaneID, process: ProcessIdentity, processes: ProcessTable) {
    self.client = client
    self.pane = pane
    self.process = process
    self.processes = processes
  }

  /// - Parameters:
  ///   - attempt: what was done before with this text, and is done now.
  /// - Throws: ``Failure`` or `TmuxError`.
  @concurrent package func submit(_ text: String, _ manner: Manner, attempt: inout TypingAttempt) async throws {
    let text = TypedText.withoutControls(text)
    let first = try await look()
    let readsLines = Terminal.collectsLines(of: process) == true
    if !stands(text, on: first.screen, manner, readsLines: readsLines) {
      // Where it has been typed and is not to be seen, it may have gone anywhere.
      guard attempt.mayType(at: first.screen) else { throw Failure.notShown(.judge(first.screen)) }
      try check(first.screen, manner)
      try await Task.sleep(for: Self.rest)
      // A line break ends a line in such a terminal, so that the last one goes with the others.
      let isWhole = readsLines && text.contains("\n")
      try await paste(isWhole ? text + "\n" : text, manner, attempt: &attempt)
      manner.typed.pass()
      if isWhole { return }
    } else {
      manner.typed.pass()
    }
    var seen = try await standing(text, readsLines: readsLines)
    while attempt.presses < Self.presses {
      seen = try await press(text, seen, manner, readsLines: readsLines, attempt: &attempt)
      if readsLines { return }
      guard let still = try await left(text, after: seen) else { return }
      guard still.screen == seen.screen else { throw Failure.notSubmitted }
      seen = still
    }
    throw Failure.notSubmitted
  }

  private struct Look {
    var screen: PaneScreen
    var state: PaneState
  }

  private func look() async throws -> Look {
    guard isThere() else { throw Failure.gone }
    let view = try await client.view(of: pane)
    return Look(screen: PaneScreen(view), state: view.state)
  }

  /// Whether the agent still reads what is typed. A shell that it has left behind would run the text.
  private func isThere() -> Bool {
    guard let status = processes.status(process.pid), status.identity == process, status.isAlive else { return false }
    return !LoginShell.isBare(name: status.name, arguments: processes.arguments(of: process.pid) ?? [])
      || processes.children(of: process.pid).contains(where: \.isAlive)
  }

  /// Whether exactly this text stands there already, typed by a process before this one.
  private func stands(_ text: String, on screen: PaneScreen, _ manner: Manner, readsLines: Bool) -> Bool {
    switch PromptState.judge(screen) {
    case .typed, .empty, .none: break
    case .busy where manner.queues: break
    case .busy, .question, .inMode: return false
    }
    return StandingText.isExactly(text, on: screen, readsLines: readsLines)
  }

  private func check(_ screen: PaneScreen, _ manner: Manner) throws {
    switch PromptState.judge(screen) {
    case .empty: return
    case .busy(_, takesInput: true) where manner.queues: return
    case let other: throw Failure.noPrompt(other)
    }
  }

  /// A screen that is drawn anew between look and paste is looked at again.
  private func paste(_ text: String, _ manner: Manner, attempt: inout TypingAttempt) async throws {
    for _ in 1...8 {
      let look = try await self.look()
      try check(look.screen, manner)
      do {
        try await client.type(text, into: pane, in: look.state)
        attempt.noteTyped()
        return
      } catch let error as TmuxError where error.code == .paneHasChanged {
        continue
      }
    }
    throw Failure.restless
  }

  /// The screen on which the text, and nothing else, stands on the input line.
  private func standing(_ text: String, readsLines: Bool) async throws -> Look {
    // A text interface takes an Enter that comes with the text for a part of the paste, and a long paste takes its time.
    let reading = Duration.milliseconds(500) + .milliseconds(text.utf8.count / 100)
    let start = ContinuousClock.now
    try await Task.sleep(for: reading)
    while true {
      let look = try await self.look()
      // A line that a terminal collects is read with its end.
      if StandingText.isExactly(text, on: look.screen, readsLines: readsLines),
        readsLines || Terminal.hasUnreadInput(of: process) != true
      {
        return look
      }
      guard .now - start < reading + .seconds(4) else { throw Failure.notShown(.judge(look.screen)) }
      try await Task.sleep(for: .milliseconds(100))
    }
  }

  private func press(
    _ text: String, _ seen: Look, _ manner: Manner, readsLines: Bool, attempt: inout TypingAttempt
  ) async throws -> Look {
    var seen = seen
    for _ in 1...8 {
      guard isThere() else { throw Failure.gone }
      do {
        try await client.submit(pane, in: seen.state)
        attempt.presses += 1
        manner.submitted?.pass()
        return seen
      } catch let error as TmuxError where error.code == .paneHasChanged {
        seen = try await look()
        guard StandingText.isExactly(text, on: seen.screen, readsLines: readsLines) else {
          throw Failure.notShown(.judge(seen.screen))
        }
      }
    }
    throw Failure.restless
  }

  /// The screen on which the text still stands a while after Enter was read; `nil` once it does not.
  private func left(_ text: String, after seen: Look) async throws -> Look? {
    var last = seen
    var quiet = 0
    for _ in 1...50 {
      try await Task.sleep(for: .milliseconds(200))
      last = try await look()
      // Behind a cursor that has left the line stands what was submitted.
      let hasLeft = seen.screen.column > 0 && last.screen.column == 0
      if hasLeft || !StandingText.isExactly(text, on: last.screen) { return nil }
      quiet = Terminal.hasUnreadInput(of: process) == true ? 0 : quiet + 1
      if quiet == 10 { return last }
    }
    throw Failure.notSubmitted
  }
}

/// What was typed at one life, so that it is not typed again and again where it is not seen.
package struct TypingAttempt: Sendable, Hashable {
  private var typed: [ContinuousClock.Instant] = []
  /// How often Enter was pressed.
  package fileprivate(set) var presses = 0

  package init() {}

  fileprivate mutating func noteTyped() { typed.append(.now) }

  /// A second time, once, ten seconds later, at a prompt that the cursor stands in: a program that was starting may have
  /// thrown the first away.
  fileprivate func mayType(at screen: PaneScreen) -> Bool {
    guard let last = typed.last else { return true }
    return typed.count < 2 && .now - last >= .seconds(10) && PromptState.isCertain(screen)
  }
}
