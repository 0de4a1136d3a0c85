// SPDX-License-Identifier: Apache-2.0

internal import Supervision
internal import Town

/// A town without a service manager: agents have no control groups of their own.
extension SimulatedDaemon {
  var confines: Bool { false }

  @concurrent func confine(_ agent: AgentIdentity, life: ProcessLife) async -> Reading<AgentScope> {
    .unknown("there is no user manager")
  }

  @concurrent func sweep(
    _ scope: AgentScope, protecting protected: Set<Int32>, sparing: Int32?
  ) async -> SweepOutcome { .swept(0) }

  func standing(of life: ProcessLife) -> AgentStanding? { nil }
  func isRunning(_ life: ProcessLife) -> Bool { town.with { $0.runs(life.pid, life.startTime) } }
  @concurrent func isShuttingDown() async -> Bool { false }
  @concurrent func reportedOutOfMemory(_ scope: AgentScope) async -> Bool? { nil }
}
