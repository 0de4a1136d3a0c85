// SPDX-License-Identifier: Apache-2.0

internal import Commands

/// The requests that have been sent to a control-mode client and not been answered, oldest first, and
/// what has come of the oldest one's answer. tmux answers in the order of the requests.
struct ControlExchange: Sendable {
  typealias RequestID = UInt64

  private struct Request: Sendable {
    var id: RequestID
    var token: [UInt8]
    var sentAt: ContinuousClock.Instant
  }

  /// The most that is kept of one answer, however many blocks it has, in bytes.
  private let limit: Int
  private var parser: ControlParser
  private var waiting: [Request] = []
  private var output: [UInt8] = []
  private var errors: [UInt8] = []
  private var count: RequestID = 0
  /// When anything last came.
  private var lastHeard: ContinuousClock.Instant?

  static let defaultLimit = 16 << 20

  init(limit: Int = defaultLimit) {
    self.limit = limit
    parser = ControlParser(limit: limit)
  }

  var isEmpty: Bool { waiting.isEmpty }

  /// The requests without an answer, oldest first.
  var pending: [RequestID] { waiting.map(\.id) }

  /// A new request and the bytes to send for it.
  mutating func add(
    _ commands: [[String]], at time: ContinuousClock.Instant,
    token: String = "done-" + String(UInt64.random(in: .min ... .max), radix: 36)
  ) -> (id: RequestID, bytes: [UInt8]) {
    count += 1
    waiting.append(Request(id: count, token: Array("\(token)\n".utf8), sentAt: time))
    return (count, ControlLine.request(commands, token: token))
  }

  /// Forgets everything; the ids of new requests are new all the same.
  mutating func reset() {
    let count = self.count
    self = ControlExchange(limit: limit)
    self.count = count
  }

  /// Takes the newest request back, of which nothing was sent.
  mutating func removeLast() { waiting.removeLast() }

  /// The answers that `bytes` complete.
  mutating func take(
    _ bytes: [UInt8], at time: ContinuousClock.Instant
  ) throws(ControlParser.Overflow) -> [(id: RequestID, result: CommandResult)] {
    lastHeard = time
    var answers: [(id: RequestID, result: CommandResult)] = []
    for block in try parser.take(bytes) {
      // What comes before the first request, such as the output of the attaching, is nobody's.
      guard let request = waiting.first else { continue }
      if block.text == request.token, !block.isError {
        waiting.removeFirst()
        answers.append((request.id, finish()))
      } else if block.isError {
        errors += block.text
      } else {
        output += block.text
      }
      if output.count + errors.count > limit { throw ControlParser.Overflow() }
    }
    return answers
  }

  /// When the server is to be given up if nothing comes before: `silence` after the last sign of it, but
  /// no later than `limit` after the oldest request. `nil` while nobody waits.
  func giveUpTime(silence: Duration, limit: Duration) -> ContinuousClock.Instant? {
    guard let oldest = waiting.first?.sentAt else { return nil }
    return min(max(oldest, lastHeard ?? oldest) + silence, oldest + limit)
  }

  /// As a `tmux` of its own would have ended: with status 1 where a command failed.
  private mutating func finish() -> CommandResult {
    defer {
      output = []
      errors = []
    }
    return CommandResult(
      ending: .exited(errors.isEmpty ? 0 : 1), standardOutput: output, standardError: withoutPreface(errors))
  }

  /// A client of its own says the same without these words in front.
  private func withoutPreface(_ complaint: [UInt8]) -> [UInt8] {
    let preface = Array("parse error: ".utf8)
    return complaint.starts(with: preface) ? Array(complaint.dropFirst(preface.count)) : complaint
  }
}
