// SPDX-License-Identifier: Apache-2.0

import Faults
package import Processes
import Synchronization
import Tmux
package import Town

/// Tells agents to begin, at their prompts.
package struct Typist: Sendable {
  private let servers: TmuxServers
  private let processes: ProcessTable
  private let attempts = Attempts()

  package init(servers: TmuxServers, processes: ProcessTable) {
    self.servers = servers
    self.processes = processes
  }

  /// The agent that was to be told is gone. Its pane may hold another by now, which has to be told when
  /// it is ready, and not in the middle of its start.
  package struct Gone: Error, CustomStringConvertible {
    package var description: String { "the agent has ended meanwhile" }
  }

  /// There is no prompt, or not any longer; nothing was typed.
  package struct NoPrompt: Error, CustomStringConvertible {
    package var description: String
  }

  /// A text that was typed and is not submitted.
  package struct NotSubmitted: Error, CustomStringConvertible {
    package var description = "the text is still on the input line; it was not submitted"
  }

  /// Types `text` and submits it. What a daemon before this one has typed is only submitted.
  ///
  /// - Throws: `TmuxError`, ``NoPrompt``, ``NotSubmitted`` or ``Gone``.
  @concurrent package func submit(_ text: String, to life: ProcessLife) async throws {
    guard let pane = PaneID(life.pane) else { throw NotSubmitted() }
    guard let client = servers.client(of: life.server) else { throw UnknownServer(identity: life.server) }
    let typist = PromptTypist(
      client: client, pane: pane,
      process: ProcessIdentity(pid: life.pid, startTime: life.startTime), processes: processes)
    var attempt = attempts.of(life)
    do {
      try await typist.submit(
        text, PromptTypist.Manner(typed: .beginTyped, submitted: .beginSubmitted), attempt: &attempt)
      attempts.forget(life)
    } catch {
      attempts.note(attempt, of: life)
      guard let failure = error as? PromptTypist.Failure else { throw error }
      throw Self.error(for: failure)
    }
  }

  private static func error(for failure: PromptTypist.Failure) -> any Error {
    switch failure {
    case .gone: Gone()
    // What a person types there letter by letter is one thing to say.
    case .noPrompt(.typed): NoPrompt(description: "something is typed at its prompt already, and is left alone")
    case .noPrompt(let state): NoPrompt(description: state.description)
    case .restless: NoPrompt(description: "its screen does not keep still")
    case .notShown:
      NotSubmitted(description: "the text was typed and does not stand alone on its input line; it was not submitted")
    case .notSubmitted: NotSubmitted()
    }
  }

  /// What was tried with those that have not been told yet.
  private final class Attempts: Sendable {
    private let attempts = Mutex<[ProcessLife: TypingAttempt]>([:])
    /// More are those of lives that are long over.
    private static let most = 1_000

    func of(_ life: ProcessLife) -> TypingAttempt { attempts.withLock { $0[life] ?? TypingAttempt() } }
    func forget(_ life: ProcessLife) { attempts.withLock { $0[life] = nil } }
    func note(_ attempt: TypingAttempt, of life: ProcessLife) {
      attempts.withLock {
        if $0.count >= Self.most { $0 = [:] }
        $0[life] = attempt
      }
    }
  }
}
