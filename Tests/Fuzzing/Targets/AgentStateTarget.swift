// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

extension FuzzTarget {
  /// An agent's own state.json: taking keys away leaves all others as they are.
  static let agentState = FuzzTarget("agent-state") { input, town in
    let agent = AgentIdentity.polecat(rig: "rig", name: "toast")
    let file = AgentStateFile(layout: town.layout)
    town.put(input, at: agent.stateFile)
    guard case .known(let before?) = file.members(of: agent) else { return }
    let keys = LifecycleAction.allCases.map(\.stateKey) + [LifecycleRequest.timeKey]
    try file.clear(keys, of: agent)
    guard case .known(let after?) = file.members(of: agent) else {
      throw Broken(description: "what was written is unreadable")
    }
    try promise("other keys stay", after, equals: before.filter { !keys.contains($0.key) })
  }
}
