// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import Beads
import Town

/// An agent's bead, as `--json` prints it.
struct AgentRow: Encodable {
  @ExplicitNull var agent: String?
  var bead: String
  var status: String
  @ExplicitNull var agentState: String?
  @ExplicitNull var hookBead: String?
  var updatedAt: Timestamp

  init(_ bead: Bead, agent: AgentIdentity?) {
    self.agent = agent?.address
    self.bead = bead.id
    status = bead.status.rawValue
    agentState = bead.agentState?.rawValue
    hookBead = bead.hookBead
    updatedAt = bead.updatedAt
  }

  enum CodingKeys: String, CodingKey {
    case agent, bead, status
    case agentState = "agent_state"
    case hookBead = "hook_bead"
    case updatedAt = "updated_at"
  }
}
