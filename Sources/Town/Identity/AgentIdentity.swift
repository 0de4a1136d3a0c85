// SPDX-License-Identifier: Apache-2.0

/// Who an agent is. The one place where an agent's session, bead, address and directory are derived.
///
/// Every mapping is total: an identity whose names passed ``TownName`` always has all of them.
/// The way back, from a session, a bead or an address to an agent, needs the registered rigs,
/// because names may hold hyphens: see ``Roster``.
package enum AgentIdentity: Sendable, Hashable {
  case mayor
  case deacon
  case witness(rig: String)
  case refinery(rig: String)
  case crew(rig: String, name: String)
  case polecat(rig: String, name: String)

  package enum Role: String, Sendable, Hashable, CaseIterable, Codable {
    case mayor, deacon, witness, refinery, crew, polecat
  }

  package var role: Role {
    switch self {
    case .mayor: .mayor
    case .deacon: .deacon
    case .witness: .witness
    case .refinery: .refinery
    case .crew: .crew
    case .polecat: .polecat
    }
  }

  /// The rig that the agent belongs to; `nil` for the town's own agents.
  package var rig: String? {
    switch self {
    case .mayor, .deacon: nil
    case .witness(let rig), .refinery(let rig), .crew(let rig, _), .polecat(let rig, _): rig
    }
  }

  /// The agent's own name, where its role alone does not name it.
  package var name: String? {
    switch self {
    case .mayor, .deacon, .witness, .refinery: nil
    case .crew(_, let name), .polecat(_, let name): name
    }
  }

  /// The tmux session in which the agent lives.
  package var session: String {
    switch self {
    case .mayor: "gt-mayor"
    case .deacon: "gt-deacon"
    case .witness(let rig): "gt-\(rig)-witness"
    case .refinery(let rig): "gt-\(rig)-refinery"
    case .crew(let rig, let name): "gt-\(rig)-crew-\(name)"
    case .polecat(let rig, let name): "gt-\(rig)-\(name)"
    }
  }

  /// The id of the agent's bead.
  package var bead: String {
    switch self {
    case .polecat(let rig, let name): "gt-\(rig)-polecat-\(name)"
    case .mayor, .deacon, .witness, .refinery, .crew: session
    }
  }

  /// Every id under which the agent's bead may be found, the usual one first. Older towns have
  /// `gt-polecat-<rig>-<name>`.
  package var beads: [String] {
    switch self {
    case .polecat(let rig, let name): [bead, "gt-polecat-\(rig)-\(name)"]
    case .mayor, .deacon, .witness, .refinery, .crew: [bead]
    }
  }

  /// What the agent signs its work with (`BD_ACTOR`), and what a person calls it.
  package var actor: String {
    switch self {
    case .mayor: "mayor"
    case .deacon: "deacon"
    case .witness(let rig): "\(rig)/witness"
    case .refinery(let rig): "\(rig)/refinery"
    case .crew(let rig, let name): "\(rig)/crew/\(name)"
    case .polecat(let rig, let name): "\(rig)/polecats/\(name)"
    }
  }

  /// The short form by which `gt` names the agent: `rig/name` for a polecat.
  package var address: String {
    switch self {
    case .polecat(let rig, let name): "\(rig)/\(name)"
    case .mayor, .deacon, .witness, .refinery, .crew: actor
    }
  }

  /// The identity under which the mail store keeps the agent's messages.
  package var mailbox: String {
    switch self {
    case .mayor: "mayor/"
    case .deacon: "deacon/"
    case .witness(let rig): "\(rig)/witness"
    case .refinery(let rig): "\(rig)/refinery"
    case .crew(let rig, let name), .polecat(let rig, let name): "\(rig)/\(name)"
    }
  }

  /// The agent's directory, relative to the town's root; empty for the root itself.
  package var directory: String {
    switch self {
    case .mayor: ""
    case .deacon: "deacon"
    case .witness(let rig): "\(rig)/witness"
    case .refinery(let rig): "\(rig)/refinery/rig"
    case .crew(let rig, let name): "\(rig)/crew/\(name)"
    case .polecat(let rig, let name): "\(rig)/polecats/\(name)"
    }
  }

  /// The agent's state.json, relative to the town's root.
  package var stateFile: String {
    switch self {
    case .mayor: "mayor/state.json"
    case .refinery(let rig): "\(rig)/refinery/state.json"
    case .deacon, .witness, .crew, .polecat: "\(directory)/state.json"
    }
  }

  /// The mailbox of the user.
  package static let overseer = "overseer"

  /// The mailboxes that are notified of problems with this agent.
  package var guardians: [String] {
    switch self {
    case .polecat(let rig, _), .crew(let rig, _), .refinery(let rig): [AgentIdentity.witness(rig: rig).mailbox]
    case .witness: [AgentIdentity.deacon.mailbox]
    case .deacon, .mayor: [AgentIdentity.mayor.mailbox, AgentIdentity.overseer]
    }
  }
}

extension AgentIdentity: Comparable {
  /// The order in which agents are listed and started: the town's own first, then rig by rig, each
  /// rig's Witness and Refinery before its crew and its polecats.
  package static func < (left: AgentIdentity, right: AgentIdentity) -> Bool { left.sortKey < right.sortKey }

  private var sortKey: (String, Int, String) {
    let rank =
      switch role {
      case .deacon: 0
      case .mayor: 1
      case .witness: 2
      case .refinery: 3
      case .crew: 4
      case .polecat: 5
      }
    return (rig ?? "", rank, name ?? "")
  }
}
