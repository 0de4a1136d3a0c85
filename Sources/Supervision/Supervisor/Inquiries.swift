// SPDX-License-Identifier: Apache-2.0

import Town

/// Questions to the world that were put before the effect begins that needs the answer, so that it waits less.
struct Inquiries {
  private let executor: (any TaskExecutor)?
  /// The last words of the dead, on their way, by session: nothing takes their panes before.
  private var lastWords: [String: LastWords] = [:]
  /// Whether everything of the user's is being ended, as it was asked when beads began to be read for a start, by session.
  private var shutdowns: [String: Task<Bool, Never>] = [:]

  init(executor: (any TaskExecutor)?) { self.executor = executor }

  /// What an effect goes by that begins now: what the turn has found, and what was asked before. Puts the questions that
  /// later effects need.
  ///
  /// - Parameter protected: the processes that no clearing up may hurt.
  mutating func circumstances(
    of start: Directives.Start, protecting protected: @autoclosure () -> Set<Int32>, in world: any TownWorld
  ) -> Performer.Circumstances {
    var circumstances = start.circumstances
    switch start.effect {
    case .launch(let order, let remains):
      let asked = shutdowns.removeValue(forKey: order.agent.session)
      // A start that was to wait has an old answer.
      circumstances.isShuttingDown = order.delay > .zero ? nil : asked
      circumstances.words = lastWords[order.agent.session]
      circumstances.protected = remains == nil ? [] : protected()
    case .end(let command, _, _):
      circumstances.words = lastWords[command.agent.session]
      circumstances.protected = protected()
    case .endForRequest(let agent, _, _, _): circumstances.words = lastWords[agent.session]
    case .confine, .sweep: circumstances.protected = protected()
    case .readAfresh(let orders): askForShutdown(before: orders, in: world)
    case .gather(let evidence): circumstances.words = readLastWords(of: evidence.map(\.report), in: world)
    case .readBeads, .readHooks, .adopt, .mark, .claimRequest, .withdraw, .closeMail, .send, .announce, .begin, .limit:
      break
    }
    return circumstances
  }

  /// Asks while the beads are read, so that no start waits for the answer.
  private mutating func askForShutdown(before orders: [LaunchOrder], in world: any TownWorld) {
    let question = Task(executorPreference: executor) { await world.isShuttingDown() }
    for order in orders { shutdowns[order.agent.session] = question }
  }

  /// Asks for the last words of all the dead of a turn, with one tmux process for all of them. A restart takes the pane's
  /// last screen away, so it waits for them, and for nothing else of the evidence.
  private mutating func readLastWords(of deaths: [DeathReport], in world: any TownWorld) -> LastWords {
    let remains = deaths.compactMap(\.remains)
    let words = Task<LastWords.Readings, Never>(executorPreference: executor) {
      remains.isEmpty ? [:] : await world.lastWords(of: remains)
    }
    for death in deaths where death.remains != nil {
      lastWords[death.agent.session] = LastWords(capsule: death.id, task: words)
    }
    return LastWords(capsule: "", task: words)
  }

  /// The evidence of these deaths is gathered.
  mutating func forgetLastWords(of deaths: [DeathReport]) {
    for death in deaths where lastWords[death.agent.session]?.capsule == death.id {
      lastWords[death.agent.session] = nil
    }
  }
}
