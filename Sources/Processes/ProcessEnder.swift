// SPDX-License-Identifier: Apache-2.0

import Faults
import Glibc

/// Ends a process and everything that it started: asks first, then kills.
///
/// Each signal goes to one process whose identity is checked by the kernel's own handle on it. Groups
/// are never signalled, nor are we ourselves.
package struct ProcessEnder: Sendable {
  /// What became of a process and its descendants.
  package struct Outcome: Sendable, Hashable {
    /// Those that were asked to end, in that order: the deepest first, the process itself last.
    package var asked: [ProcessIdentity] = []
    /// Those that had to be killed.
    package var killed: [ProcessIdentity] = []
    /// Those that live nevertheless: another user's, or stuck in the kernel.
    package var survivors: [ProcessIdentity] = []

    package var succeeded: Bool { survivors.isEmpty }
  }

  private let table: ProcessTable

  package init(table: ProcessTable = ProcessTable()) {
    self.table = table
  }

  /// Sends SIGTERM to the descendants of `process`, the deepest first, then to itself; waits for up to
  /// `grace`; kills what is left, and what that has started meanwhile.
  ///
  /// - Throws: `CancellationError` where the calling task was cancelled: what was asked may or may
  ///   not end, and nothing more is done to it.
  @concurrent package func end(_ process: ProcessIdentity, grace: Duration) async throws -> Outcome {
    var outcome = Outcome()
    guard table.isRunning(process) else { return outcome }
    outcome.asked = family(of: [process])
    for member in outcome.asked {
      try? Signals.send(SIGTERM, to: member)
      // A stopped process would not see it before it is let go on.
      try? Signals.send(SIGCONT, to: member)
      // An interactive shell ignores SIGTERM, and goes when it is hung up on.
      if isBareShell(member) { try? Signals.send(SIGHUP, to: member) }
    }
    FaultPoint.endAsked.pass()
    outcome.survivors = try await ProcessExit.wait(forAll: outcome.asked, within: grace)
    // What is killed may have started another just before: look again, a few times.
    for _ in 0..<4 where !outcome.survivors.isEmpty {
      let targets = family(of: outcome.survivors)
      for target in targets.reversed() {
        try? Signals.send(SIGKILL, to: target)
        if !outcome.killed.contains(target) { outcome.killed.append(target) }
      }
      FaultPoint.endKilled.pass()
      outcome.survivors = try await ProcessExit.wait(forAll: targets, within: .seconds(1))
    }
    return outcome
  }

  private func isBareShell(_ process: ProcessIdentity) -> Bool {
    guard let status = table.status(process.pid), status.identity == process else { return false }
    return LoginShell.isBare(name: status.name, arguments: table.arguments(of: process.pid) ?? [])
  }

  /// These processes and all that descend from them, the deepest first, without us and what is dead.
  private func family(of roots: [ProcessIdentity]) -> [ProcessIdentity] {
    let own = getpid()
    var seen: Set<ProcessIdentity> = []
    var members: [ProcessIdentity] = []
    for root in roots {
      for status in table.descendants(of: root.pid) where status.isAlive && seen.insert(status.identity).inserted {
        members.append(status.identity)
      }
    }
    for root in roots where seen.insert(root).inserted {
      members.append(root)
    }
    return members.filter { $0.pid != own && $0.pid > 1 }
  }
}
