// SPDX-License-Identifier: Apache-2.0

import Town

/// What a step of a turn has the supervisor do.
struct Directives: Sendable {
  /// An effect that begins, as a job of this number.
  struct Start: Sendable {
    var job: Int
    var effect: Effect
    /// How long to wait first.
    var delay: Duration
    /// What the turn has found that the effect goes by.
    var circumstances: Performer.Circumstances
  }

  var starts: [Start] = []
  /// The answers to people's commands, by ticket.
  var answers: [(ticket: Int, result: Result<CommandOutcome, CommandRefusal>)] = []
  /// Callers whose beats are over.
  var endedBeats: [Int] = []
  /// What is added to the histories of agents, by session.
  var history: [String: [HistoryEntry]] = [:]
  /// Lives in new control groups: the counts of a group of its own are its own, and begin with none.
  var regrouped: [ProcessLife] = []
}

/// Lines for the journal, in their order.
struct JournalLines: Sendable {
  enum Line: Sendable {
    case event(TownEvent, isRepeated: Bool)
    case remark(Remark)
    case error(String)
    case warning(String)
    case info(String)
    case debug(String)
  }

  private var lines: [Line] = []

  /// The lines that were not taken before.
  mutating func takeAll() -> [Line] {
    defer { lines = [] }
    return lines
  }

  mutating func append(_ line: Line) { lines.append(line) }
  mutating func record(_ event: TownEvent, isRepeated: Bool = false) {
    lines.append(.event(event, isRepeated: isRepeated))
  }
  mutating func remark(_ remark: Remark) { lines.append(.remark(remark)) }
  mutating func error(_ message: String) { lines.append(.error(message)) }
  mutating func warning(_ message: String) { lines.append(.warning(message)) }
  mutating func info(_ message: String) { lines.append(.info(message)) }
  mutating func debug(_ message: String) { lines.append(.debug(message)) }
}

extension EventJournal {
  /// Writes lines.
  func write(_ lines: [JournalLines.Line]) {
    for line in lines {
      switch line {
      case .event(let event, let isRepeated): record(event, isRepeated: isRepeated)
      case .remark(let one): remark(one)
      case .error(let message): error(message)
      case .warning(let message): warning(message)
      case .info(let message): info(message)
      case .debug(let message): debug(message)
      }
    }
  }
}
