// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc
import Processes
package import Town

/// Clearing up behind the dead, and standing still.
extension ScopeKeeper {
  /// Kills what a dead agent has left: what bears the mark of its life, wherever it is, and of a life without a mark
  /// all that is in its group. A tmux server, what runs in a living pane or below one, another agent, we ourselves and
  /// servers that others use are left alone, and so is what is in the group and does not bear the mark.
  ///
  /// - Parameter protected: processes that live and must not be hurt.
  @concurrent package func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome {
    if let scope = remains.scope {
      guard AgentScope.unit(at: scope.path) == scope.unit else {
        return .failed("\(scope.path) is no scope of an agent")
      }
      let lived = ProcessIdentity(pid: scope.life.pid, startTime: scope.life.startTime)
      if scope.life.pid != remains.sparing, scope.life.boot == processes.bootID(), processes.isRunning(lived) {
        return .spared("pid \(scope.life.pid) lives")
      }
    }
    var killed: [ProcessIdentity: String] = [:]
    // What is killed may have started another just before.
    for attempt in 0..<10 {
      guard let finds = SweepCensus.take(of: remains, protecting: protected, processes: processes, groups: groups)
      else { return .failed("the processes of this machine cannot be read") }
      let left = finds.bystanders
      if finds.victims.isEmpty {
        if finds.hasVanished { continue }
        let ended = killed.map { SweepOutcome.Ended(pid: $0.key.pid, command: $0.value) }.sorted { $0.pid < $1.pid }
        return .swept(ended, left: left + finds.strays)
      }
      killed.merge(finds.victims) { first, _ in first }
      if attempt == 0, left.isEmpty, remains.sparing == nil, let scope = remains.scope, finds.isWholeGroup {
        // At once, so that none escapes by starting another meanwhile.
        try? groups.kill(scope.path)
      }
      for victim in finds.victims.keys { try? Signals.send(SIGKILL, to: victim) }
      FaultPoint.sweepKilled.pass()
      do {
        _ = try await ProcessExit.wait(forAll: Array(finds.victims.keys), within: .milliseconds(200))
      } catch {
        return .failed("it was called off")
      }
    }
    let alive = killed.keys.filter { processes.isRunning($0) }.map(\.pid).sorted()
    return .failed(alive.isEmpty ? "it starts ever more processes" : "pids \(alive) do not end")
  }

  /// In which group an agent is, and whether that stands still; `nil` where that cannot be read.
  package func standing(of life: ProcessLife) -> AgentStanding? {
    guard let path = groups.path(of: life.pid), let isFrozen = groups.isFrozen(path) else { return nil }
    return AgentStanding(path: path, isFrozen: isFrozen)
  }

  /// Lets an agent stand still, or go on, and returns when it does.
  ///
  /// - Parameter others: the agents that live, by session.
  /// - Throws: `ControlGroupError`; ``NotAlone`` where others would be frozen with it.
  @concurrent package func setFrozen(
    _ isFrozen: Bool, _ life: ProcessLife, others: [String: ProcessLife] = [:]
  ) async throws {
    guard let scope = scope(of: life) else { throw NotAlone() }
    if isFrozen, let stranger = stranger(in: scope, others: others) { throw NotAlone(stranger: stranger) }
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

  /// Who would stand still with an agent, for it was moved into that one's group: another agent or something of it, or
  /// what runs in another pane. `nil` where there is none.
  private func stranger(in scope: AgentScope, others: [String: ProcessLife]) -> String? {
    let owners = Dictionary(
      others.filter { $0.value != scope.life }.map { ($0.value.pid, $0.key) }, uniquingKeysWith: { first, _ in first })
    let members = Set(groups.members(of: scope.path) ?? [])
    for member in members.sorted() where member != scope.life.pid && member != getpid() {
      for status in processes.ancestry(of: member) {
        if status.pid == scope.life.pid || status.isTmuxServer && members.contains(status.pid) { break }
        if let owner = owners[status.pid] { return "pid \(member) in it belongs to \(owner)" }
        if status.isTmuxServer { return "pid \(member) in it runs in another pane, or is its tmux server" }
      }
    }
    return nil
  }

  /// An agent shares its control group with others.
  package struct NotAlone: Error, CustomStringConvertible {
    var stranger: String?

    package var description: String {
      stranger.map { "others would be frozen with it: \($0), and was moved there" }
        ?? "it has no control group of its own: others would be frozen with it"
    }
  }
}
