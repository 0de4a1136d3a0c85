// SPDX-License-Identifier: Apache-2.0

internal import Faults
import Glibc
internal import Processes
package import Town

/// Clearing up behind the dead, and standing still.
extension ScopeKeeper {
  /// Kills what a dead agent has left in its group. Never while the agent lives, and never a group in which
  /// another agent, a tmux server or we ourselves are.
  ///
  /// - Parameters:
  ///   - protected: processes that live and must not be hurt.
  ///   - sparing: one process that stays: the shell in which the agent ran.
  @concurrent package func sweep(
    _ scope: AgentScope, protecting protected: Set<Int32>, sparing: Int32?
  ) async -> SweepOutcome {
    guard AgentScope.unit(at: scope.path) == scope.unit else { return .failed("\(scope.path) is no scope of an agent") }
    guard groups.isPopulated(scope.path) == true, let members = groups.members(of: scope.path) else {
      return .swept(0)
    }
    let lived = ProcessIdentity(pid: scope.life.pid, startTime: scope.life.startTime)
    if scope.life.pid != sparing, scope.life.boot == processes.bootID(), processes.isRunning(lived) {
      return .spared("pid \(scope.life.pid) lives")
    }
    for pid in members where pid != sparing {
      if pid == getpid() || protected.contains(pid) { return .spared("pid \(pid) in it must not be hurt") }
      if processes.status(pid)?.name.hasPrefix("tmux: server") == true {
        return .spared("a tmux server (pid \(pid)) runs in it")
      }
    }
    let victims = members.filter { $0 != sparing && processes.status($0)?.isAlive == true }
    do throws(ControlGroupError) {
      if let sparing {
        try kill(in: scope.path, sparing: sparing)
      } else {
        try groups.kill(scope.path)
      }
    } catch {
      return groups.exists(scope.path) ? .failed("\(error)") : .swept(0)
    }
    FaultPoint.sweepKilled.pass()
    guard await isEmptied(scope.path, but: sparing) else {
      return .failed("pids \(groups.members(of: scope.path) ?? []) do not end")
    }
    return .swept(victims.count)
  }

  private func kill(in path: String, sparing: Int32) throws(ControlGroupError) {
    // What is killed may have started another just before.
    for _ in 0..<4 {
      let left = (groups.members(of: path) ?? []).filter { $0 != sparing }
      if left.isEmpty { return }
      for pid in left {
        guard let identity = processes.identity(of: pid), groups.path(of: pid)?.hasPrefix(path) == true else {
          continue
        }
        try? Signals.send(SIGKILL, to: identity)
      }
    }
  }

  /// Waits until nobody lives in a group any more, for a second at most.
  private func isEmptied(_ path: String, but sparing: Int32?) async -> Bool {
    for attempt in 0..<11 {
      let isEmpty =
        if let sparing {
          (groups.members(of: path) ?? []).allSatisfy { $0 == sparing || processes.identity(of: $0) == nil }
        } else { groups.isPopulated(path) != true }
      if isEmpty { return true }
      // The kernel is at it: the first looks come soon.
      try? await Task.sleep(for: .milliseconds(min(1 << attempt, 200)))
    }
    return false
  }

  /// In which group an agent is, and whether that stands still; `nil` where that cannot be read.
  package func standing(of life: ProcessLife) -> AgentStanding? {
    guard let path = groups.path(of: life.pid), let isFrozen = groups.isFrozen(path) else { return nil }
    return AgentStanding(path: path, isFrozen: isFrozen)
  }

  /// Lets an agent stand still, or go on, and returns when it does.
  ///
  /// - Throws: `ControlGroupError`; ``NotAlone`` where others would be frozen with it.
  @concurrent package func setFrozen(_ isFrozen: Bool, _ life: ProcessLife) async throws {
    guard let scope = scope(of: life) else { throw NotAlone() }
    try groups.setFrozen(isFrozen, scope.path)
    FaultPoint.freezeAsked.pass()
    for attempt in 0..<14 {
      if groups.isFrozen(scope.path) == isFrozen { return }
      try await Task.sleep(for: .milliseconds(min(1 << attempt, 200)))
    }
    throw ControlGroupError(
      operation: isFrozen ? "freeze" : "thaw", path: scope.path,
      reason: "it was asked to, and within a second it has not")
  }

  /// Lets an agent that is to be ended go on, so that it can put its work away.
  @concurrent package func thaw(_ life: ProcessLife) async {
    if standing(of: life)?.isFrozen == true { try? await setFrozen(false, life) }
  }

  /// An agent shares its control group with others.
  package struct NotAlone: Error, CustomStringConvertible {
    package var description: String { "it has no control group of its own: others would be frozen with it" }
  }
}
