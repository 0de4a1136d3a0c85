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
    try file.clear(LifecycleAction.allCases.map { .whatever($0) }, of: agent)
    guard case .known(let after?) = file.members(of: agent) else {
      throw Broken(description: "what was written is unreadable")
    }
    let others = before.filter { !keys.contains($0.key) }
    try promise("other keys stay", after.mapValues(plain), equals: others.mapValues(plain))
  }

  /// JSON knows one kind of number: what is written as `1.0` may come back as `1`.
  static func plain(_ value: JSONValue) -> JSONValue {
    switch value {
    case .integer(let number): .number(Double(number))
    case .array(let values): .array(values.map(plain))
    case .object(let members): .object(members.mapValues(plain))
    case .null, .bool, .number, .string: value
    }
  }
}
