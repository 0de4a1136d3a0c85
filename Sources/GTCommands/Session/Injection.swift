// SPDX-License-Identifier: Apache-2.0

import Faults
import Processes
import Supervision
import Tmux
import Town

/// Types a text of any length at a living agent's prompt, and sees to it that it was submitted.
struct Injection: Sendable {
  /// What a terminal that collects lines takes of one, without the line break (the kernel's N_TTY).
  static let longestLine = 4_094
  /// Between two looks at an agent that is waited for.
  private static let pause = Duration.seconds(1)

  let found: FoundPane
  /// Whether an agent at work is typed to, if it keeps what is submitted until it has time.
  var queues = false
  /// How long an agent that has no prompt is waited for.
  var patience = Duration.zero
  var processes = ProcessTable()

  /// - Throws: `CommandRefusal` where no agent is there, and nothing was typed; ``TryLater`` where the agent has no
  ///   prompt, or the typed text was not submitted; `TmuxError`.
  @concurrent func submit(_ text: String) async throws {
    let text = TypedText.withoutControls(text)
    let process = try listener()
    if Terminal.collectsLines(of: process) == true {
      // The kernel would drop what is more, without a word.
      if text.utf8.split(separator: UInt8(ascii: "\n")).contains(where: { $0.count > Self.longestLine }) {
        throw CommandRefusal(
          "\(found.agent.address) reads whole lines from its terminal, of \(Self.longestLine) bytes at most; "
            + "a line of the text is longer")
      }
    }
    let typist = PromptTypist(client: found.client, pane: found.pane, process: process, processes: processes)
    let end = ContinuousClock.now + patience
    while true {
      var attempt = TypingAttempt()
      do {
        return try await typist.submit(
          text, PromptTypist.Manner(queues: queues, typed: .injectTyped), attempt: &attempt)
      } catch let failure as PromptTypist.Failure where failure.isBeforeTyping && .now + Self.pause < end {
        try await Task.sleep(for: Self.pause)
      } catch let failure as PromptTypist.Failure {
        throw error(for: failure)
      }
    }
  }

  private func error(for failure: PromptTypist.Failure) -> any Error {
    let name = found.agent.address
    switch failure {
    case .gone: return CommandRefusal("\(name) has ended in the meantime")
    case .noPrompt(let state):
      let way =
        switch state {
        case .busy(_, takesInput: true): "; --wait DURATION waits for it, --queue types it now, to be read afterwards"
        case .busy: "; --wait DURATION waits for it"
        case .question: "; to answer it: gt session at \(name)"
        case .empty, .typed, .inMode, .none: "; to look at it: gt session at \(name)"
        }
      return TryLater("nothing was typed to \(name): \(state.description)\(way)")
    case .restless:
      return TryLater(
        "nothing was typed to \(name): its screen keeps changing; to look at it: gt session at \(name)")
    case .notShown(let state):
      return TryLater(
        "the text was typed to \(name) and is not alone on its input line; it was not submitted, and is left "
          + "there (\(state.description)); to look at it: gt session at \(name)")
    case .notSubmitted:
      return TryLater(
        "the text is on the input line of \(name), and was not submitted; to look at it: gt session at \(name)")
    }
  }

  /// The process that will read the text.
  private func listener() throws -> ProcessIdentity {
    let name = found.agent.address
    switch found.liveness {
    case .alive(let life, _):
      let process = ProcessIdentity(pid: life.pid, startTime: life.startTime)
      guard let status = processes.status(life.pid), status.identity == process, status.isAlive else {
        throw CommandRefusal("\(name) has just ended; nothing was typed")
      }
      // Also in a pane that the daemon made: a shell would run the text.
      let isBareShell =
        LoginShell.isBare(name: status.name, arguments: processes.arguments(of: life.pid) ?? [])
        && processes.children(of: life.pid).isEmpty
      guard !isBareShell else { throw shellRefusal }
      return process
    case .dead(let corpse):
      let how = corpse.cause.map { " (\($0))" } ?? ""
      throw CommandRefusal("\(name) has ended\(how); nothing was typed. To start it: gt session start \(name)")
    case .deadShell: throw shellRefusal
    case .absent: throw CommandRefusal("\(name) has no session; nothing was typed")
    case .unknown(let reason): throw Unreadable(description: "\(name): \(reason)")
    }
  }

  private var shellRefusal: CommandRefusal {
    CommandRefusal("\(found.agent.address) is not running: its pane holds a bare shell, which would run the text")
  }
}
