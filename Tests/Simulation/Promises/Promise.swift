// SPDX-License-Identifier: Apache-2.0

/// What a town may rely on: the eight promises of the design, and what follows from them.
package enum Promise: String, Sendable, Hashable, CaseIterable {
  case liveAgentIsNeverKilled = "1: a live agent is never killed by the daemon"
  case oneAgentOneSession = "2: one agent, one session"
  case noDeathIsSilent = "3: no death is silent, and none is told twice"
  case requestRunsOnce = "4: a lifecycle request runs at most once, and is finished once begun"
  case daemonIsDisposable = "5: the daemon is disposable, and a restart picks up every mode"
  case nothingHangs = "6: nothing hangs the daemon"
  case textIsText = "7: no text from a town is taken for anything but text"
  case unknownIsUnknown = "8: nothing is done because of a failed read"
  case decisionsHold = "a person's decision holds"
  case whatItStartedGoes = "what an agent started goes before the next one starts, and nothing else does"
  case marksProveNothing = "a mark that anybody can set makes no pane the agent's"
  case noticesAreTrue = "what is told of an agent is true"
  case noRestartLoop = "nothing is spent in a restart loop"
  case daemonIsSound = "the daemon finds no fault of its own"
}

/// A promise that was broken: how, and when.
package struct Violation: Sendable, Hashable, CustomStringConvertible {
  package var promise: Promise
  package var text: String
  /// Virtual time, in milliseconds.
  package var time: Int64
  /// How many steps the simulation had taken.
  package var step: Int

  package var description: String { "step \(step), \(virtualTime(time)): \(promise.rawValue): \(text)" }
}
