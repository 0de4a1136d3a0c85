// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

// What is told of agents that idle or are dead, held against their own running time: neither a machine that is suspended
// nor a clock that is set makes anybody idle.
extension SimulatedWorld {
  /// It is told of an agent that it lives and has done nothing, or is dead and has been silent, for so long.
  ///
  /// - Parameter span: how long at least; `nil` where nothing of the kind is told.
  mutating func inspectIdleness(_ session: String?, isAlive: Bool, _ span: Duration?) {
    guard extras.contains(.trueNotices), let span, let number = session.flatMap({ index[$0] }) else { return }
    let agent = agents[number]
    let process = agent.process.flatMap { processes[$0] }
    // What is told was seen a moment ago.
    let tolerance: Int64 = 60_000
    if !isAlive, let process, clock - process.bornAt > tolerance {
      violate(.noticesAreTrue, "\(agent.session) is told to be dead, and lives as pid \(process.pid)")
    }
    // The daemon cannot know how long a machine was off.
    guard isAlive || agent.changedAt >= bootedAt else { return }
    let since = isAlive ? max(agent.changedAt, process?.bornAt ?? 0) : agent.changedAt
    guard span > .zero, clock - since < span.wholeMilliseconds - tolerance else { return }
    violate(
      .noticesAreTrue,
      "\(agent.session) is told to have done nothing for \(span), and has since \(virtualTime(since))")
  }
}
