// SPDX-License-Identifier: Apache-2.0

/// Something that starts an agent anew when it ends. All of them run the same agent.
protocol Contender: AnyObject {
  var name: String { get }
  /// What the agent with this number, from 1, says that its name is.
  func agent(_ number: Int) -> String
  /// Sees to it that this many agents run; never fewer than before.
  func grow(to count: Int, arrivals: inout Arrivals) throws
  /// Returns when the agent that was killed last is at work as if it had never died.
  func settleOne() throws
  /// Returns when nothing is going on any more.
  func settle() throws
  /// The processes that supervise, agents and terminals not among them.
  func supervisors() throws -> [Int32]
  func stop() throws
}

extension Contender {
  func agents(_ count: Int) -> [String] { (1...count).map(agent) }
}
