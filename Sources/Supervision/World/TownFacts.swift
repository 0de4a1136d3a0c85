// SPDX-License-Identifier: Apache-2.0

package import Town

/// What may be asked of the world while a turn decides: reads that take no time and change nothing.
package protocol TownFacts: Sendable {
  /// An agent's state.json; `known(nil)` where there is none.
  func state(of agent: AgentIdentity) -> Reading<[String: JSONValue]?>

  /// When a process began, by the kernel's account; `nil` where that cannot be told.
  func start(of life: ProcessLife) -> Timestamp?

  /// Whether exactly this process runs.
  func isRunning(_ life: ProcessLife) -> Bool

  /// In which control group an agent is now, and whether that is frozen; `nil` where it cannot be read.
  func standing(of life: ProcessLife) -> AgentStanding?

  /// Whether a crash report of this id is written.
  func hasCapsule(_ id: String) -> Bool

  /// The last entry of an agent's history; `nil` where there is none that can be read.
  func lastEntry(of session: String) -> HistoryEntry?

  /// When a person or an agent last used `gt`.
  func lastActivity() -> Timestamp?

  /// Whether there is a command that is to be told of what a person should know.
  var announces: Bool { get }

  /// Whether agents are put into control groups of their own.
  var confines: Bool { get }

  /// The share of the last ten seconds, in percent, in which some agent waited for memory; `nil` where the kernel does
  /// not say.
  var agentsPressure: Double? { get }

  /// A mark that no life has had.
  func newMark() -> String
}
