// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

/// A town without a service manager: agents have no control groups of their own.
extension SimulatedDaemon {
  var confines: Bool { false }

  @concurrent func confine(
    _ agent: AgentIdentity, life: ProcessLife, limited former: AgentLimits
  ) async -> Reading<AgentScope> {
    .unknown("there is no user manager")
  }

  var agentsPressure: Double? { nil }

  func newMark() -> String { town.with { $0.newMark() } }

  @concurrent func sweep(_ remains: AgentRemains, protecting protected: Set<Int32>) async -> SweepOutcome {
    do { try await call(.sweep, remains.marks.sorted().joined(separator: " "), takes: 1...4) } catch {
      return .failed("the daemon is dead")
    }
    return town.with { $0.sweep(remains.marks) }
  }

  func standing(of life: ProcessLife) -> AgentStanding? { nil }
  func isRunning(_ life: ProcessLife) -> Bool { town.with { $0.runs(life.pid, life.startTime) } }
  @concurrent func isShuttingDown() async -> Bool { false }
  @concurrent func reportedOutOfMemory(_ scope: AgentScope) async -> Bool? { nil }
}
