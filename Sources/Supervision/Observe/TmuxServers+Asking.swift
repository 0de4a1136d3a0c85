// SPDX-License-Identifier: Apache-2.0

import Commands
package import Tmux
package import Trust

/// Asking the other servers: a few at a time, all of them within one deadline. Each question is a process with its
/// pipes, and a user has as many sockets as anything that runs as that user has made.
extension TmuxServers {
  /// How many are asked at one time.
  static let atOnce = 4
  /// How long one is asked that did not answer a short while ago.
  private static let short: Duration = .milliseconds(500)

  /// What the other servers have answered.
  package struct Answers<Answer: Sendable>: Sendable {
    package var answers: [(client: TmuxClient, answer: Result<Answer, any Error>)] = []
    /// What is left alone.
    package var leftOut: [PathObjection] = []
    /// Servers that have not answered, those for which no time was left among them.
    package var silent: [SilentServer] = []
    /// Why it is not known what is there: a server that must not be asked.
    package var failures: [String] = []
  }

  /// Asks every other server the same.
  ///
  /// - Parameter excluded: one that is not asked.
  package func askOthers<Answer: Sendable>(
    but excluded: TmuxServer? = nil, _ question: @escaping @Sendable (TmuxClient) async throws -> Answer
  ) async -> Answers<Answer> {
    let others = self.others()
    let end = ContinuousClock.now + deadline
    let answered = await ask(others.clients.filter { $0.server != excluded }, until: end, question)
    var result = Answers<Answer>(
      leftOut: others.leftOut, silent: others.silent.filter { $0.address != excluded }, failures: others.failures)
    var unasked: [TmuxClient] = []
    for (client, answer) in answered {
      switch answer {
      case .success?: memory.noteAnswer(of: client.server)
      case .failure(let error)?:
        result.silent.append(
          SilentServer(address: client.server, reason: "\(error)", pid: others.peers[client.server]))
      case nil: unasked.append(client)
      }
      if let answer { result.answers.append((client, answer)) }
    }
    let names =
      unasked.prefix(3).map(\.socketPath).joined(separator: ", ")
      + (unasked.count > 3 ? " and \(unasked.count - 3) more" : "")
    let reason =
      "no time was left to ask \(unasked.count) other tmux server\(unasked.count == 1 ? "" : "s"), "
      + "as others did not answer: \(names)"
    result.silent += unasked.map { SilentServer(address: $0.server, reason: reason, pid: others.peers[$0.server]) }
    return result
  }

  private struct Indexed<Answer: Sendable>: Sendable {
    var index: Int
    var answer: Result<Answer, any Error>
  }

  /// `nil` for those for which no time was left.
  private func ask<Answer: Sendable>(
    _ clients: [TmuxClient], until end: ContinuousClock.Instant,
    _ question: @escaping @Sendable (TmuxClient) async throws -> Answer
  ) async -> [(TmuxClient, Result<Answer, any Error>?)] {
    var answers: [Int: Result<Answer, any Error>] = [:]
    await withTaskGroup(of: Indexed<Answer>.self) { group in
      var rest = clients.enumerated().makeIterator()
      func askNext() {
        let remaining = end - .now
        guard remaining > .zero, let (index, client) = rest.next() else { return }
        let begin = ContinuousClock.now
        let isShort = memory.isSilent(client.server, at: begin)
        group.addTask {
          do {
            let answer = try await question(client.with(deadline: isShort ? min(remaining, Self.short) : remaining))
            return Indexed(index: index, answer: .success(answer))
          } catch {
            if !isShort, (error as? TmuxError)?.code == .deadlineExceeded {
              memory.noteSilence(of: client.server, at: begin)
            }
            return Indexed(index: index, answer: .failure(unanswered(error, by: client)))
          }
        }
      }
      for _ in 0..<Self.atOnce { askNext() }
      while let next = await group.next() {
        answers[next.index] = next.answer
        askNext()
      }
    }
    return clients.enumerated().map { ($1, answers[$0]) }
  }

  /// In words that do not change with the time that was left.
  private func unanswered(_ error: any Error, by client: TmuxClient) -> any Error {
    guard var error = error as? TmuxError, error.code == .deadlineExceeded else { return error }
    error.operation = "ask the tmux server \(client.server)"
    error.reason = "no end after \(deadline), which is the time for all other servers"
    return error
  }
}
