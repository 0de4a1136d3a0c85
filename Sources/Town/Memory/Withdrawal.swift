// SPDX-License-Identifier: Apache-2.0

/// A request of an agent that has been dealt with, or given up, and that its state.json may still ask for: it is to be
/// taken out of there. As long as it is in there, any message that bears the agent's name would have it carried out.
package struct Withdrawal: Sendable, Hashable, Codable {
  package var action: LifecycleAction
  /// What `requesting_time` was when the request was read; `nil` where it was not there, or the file could not be read.
  package var asked: String?
  /// When the request was dealt with.
  package var at: Timestamp

  package init(_ action: LifecycleAction, asked: String?, at: Timestamp) {
    self.action = action
    self.asked = asked
    self.at = at
  }

  /// One of whatever is asked for now, however new: the process that asks has just been ended.
  package static func whatever(_ action: LifecycleAction) -> Withdrawal {
    Withdrawal(action, asked: nil, at: Timestamp(seconds: 9_000_000_000))
  }

  /// Whether what the agent's state.json asks for is this request, and not a newer one of the same kind.
  package func concerns(_ members: [String: JSONValue]) -> Bool {
    guard members[action.stateKey] != nil else { return false }
    let time = LifecycleRequest.time(in: members)
    if time == asked { return true }
    guard asked == nil, let time else { return false }
    // Where it was not read, the time tells; what is no time tells nothing.
    return Timestamp(time).map { $0 <= at } ?? true
  }
}

/// The requests of one agent that are to be taken out of its state.json, one for each kind.
package struct Withdrawals: Sendable, Hashable {
  private var byAction: [LifecycleAction: Withdrawal] = [:]

  package init(_ withdrawals: [Withdrawal] = []) { for withdrawal in withdrawals { insert(withdrawal) } }

  package var isEmpty: Bool { byAction.isEmpty }
  package var all: [Withdrawal] { byAction.values.sorted { $0.action.rawValue < $1.action.rawValue } }

  package subscript(action: LifecycleAction) -> Withdrawal? { byAction[action] }

  /// The later one of a kind takes the place of the former.
  package mutating func insert(_ withdrawal: Withdrawal) { byAction[withdrawal.action] = withdrawal }

  /// A newer request of this kind is under way, whose end clears it.
  package mutating func remove(_ action: LifecycleAction) { byAction[action] = nil }

  /// Removes what has been taken back, and has not been entered anew since.
  package mutating func remove(_ withdrawals: [Withdrawal]) {
    for withdrawal in withdrawals where byAction[withdrawal.action] == withdrawal { byAction[withdrawal.action] = nil }
  }
}

/// A list; in ledgers from before it, the name of the one action that was kept.
extension Withdrawals: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    if let action = try? container.decode(LifecycleAction.self) {
      self.init([.whatever(action)])
    } else {
      self.init(try container.decode([Withdrawal].self))
    }
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(all)
  }
}

extension [String: JSONValue] {
  /// The same members of a state.json without what is withdrawn. `requesting_time` stays for as long as another request does.
  package func without(_ withdrawals: [Withdrawal]) -> [String: JSONValue] {
    var rest = self
    for withdrawal in withdrawals where withdrawal.concerns(self) { rest[withdrawal.action.stateKey] = nil }
    if !LifecycleAction.allCases.contains(where: { rest[$0.stateKey] != nil }) { rest[LifecycleRequest.timeKey] = nil }
    return rest
  }
}
