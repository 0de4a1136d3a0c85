// SPDX-License-Identifier: Apache-2.0

/// Who belongs to a town: the agents that its registry, its directories and its beads speak of.
///
/// Names that no agent may bear, and names whose session would be another agent's, are set apart as
/// ``Stranger``s: they are reported, and never started.
package struct Census: Sendable, Hashable {
  /// A name found on disk or in a bead that cannot be supervised.
  package struct Stranger: Sendable, Hashable {
    package var rig: String
    package var name: String
    package var session: String
    package var reason: String
  }

  /// What a rig's directories hold, as they were read.
  package struct RigDirectories: Sendable, Hashable {
    package var polecats: [String]
    package var crew: [String]

    package init(polecats: [String] = [], crew: [String] = []) {
      self.polecats = polecats
      self.crew = crew
    }
  }

  package private(set) var agents: [AgentIdentity] = []
  package private(set) var strangers: [Stranger] = []

  /// - Parameters:
  ///   - directories: by rig. A rig that is missing here has none.
  ///   - beads: the agent beads of all databases, by id. Who has only a bead counts as a polecat of
  ///     the town too: its directory may be what was lost.
  package init(rigs: [Rig], directories: [String: RigDirectories], beads: [String: Bead]) {
    let roster = Roster(rigs: rigs.map(\.name))
    var claims: [Claim] = [Claim(.mayor), Claim(.deacon)]
    for rig in rigs {
      claims.append(Claim(.witness(rig: rig.name)))
      claims.append(Claim(.refinery(rig: rig.name)))
      let directories = directories[rig.name] ?? RigDirectories()
      for name in directories.crew {
        admit(.crew(rig: rig.name, name: name), rig: rig, check: TownName.checkCrew, beads: beads, to: &claims)
      }
      for name in directories.polecats {
        admit(.polecat(rig: rig.name, name: name), rig: rig, check: TownName.checkPolecat, beads: beads, to: &claims)
      }
    }
    let registered = Dictionary(rigs.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
    let claimants = Set(claims.map(\.agent))
    var known = Set(strangers.map { [$0.rig, $0.name] })
    for bead in beads.values where !bead.status.isOver {
      guard case .polecat(let rig, let name)? = roster.agent(bead: bead.id), let registration = registered[rig] else {
        continue
      }
      let agent = AgentIdentity.polecat(rig: rig, name: name)
      // Two ids of one agent are one claim.
      guard !claimants.contains(agent), known.insert([rig, name]).inserted else { continue }
      admit(agent, rig: registration, check: TownName.checkPolecat, beads: beads, to: &claims)
    }
    settle(claims)
  }

  private mutating func admit(
    _ agent: AgentIdentity, rig: Rig, check: (String) throws(NameError) -> Void, beads: [String: Bead],
    to claims: inout [Claim]
  ) {
    let name = agent.name ?? ""
    do {
      try check(name)
      let bead = agent.beads.compactMap { beads[$0] }.first
      claims.append(Claim(agent, since: bead?.createdAt, rigSince: rig.addedAt))
    } catch {
      strangers.append(
        Stranger(rig: rig.name, name: name, session: agent.session, reason: "not an agent's name: \(error.reason)"))
    }
  }

  /// Gives each session to the agent with the elder claim.
  private mutating func settle(_ claims: [Claim]) {
    var owners: [String: AgentIdentity] = [:]
    for claim in claims.sorted() {
      let agent = claim.agent
      if let owner = owners[agent.session] {
        guard owner != agent else { continue }
        strangers.append(
          Stranger(
            rig: agent.rig ?? "", name: agent.name ?? agent.role.rawValue, session: agent.session,
            reason:
              "\(agent.address) and \(owner.address) would share the session \(agent.session); it is \(owner.address)'s"
          ))
      } else {
        owners[agent.session] = agent
        agents.append(agent)
      }
    }
    agents.sort()
    strangers.sort { ($0.rig, $0.name) < ($1.rig, $1.name) }
  }
}

/// One agent's claim to its session name. Fixed agents come before named ones, then the elder bead,
/// then the elder rig, then the order of names, so that the answer never depends on the reading order.
private struct Claim: Comparable {
  let agent: AgentIdentity
  let since: Timestamp
  let rigSince: Timestamp

  init(_ agent: AgentIdentity, since: Timestamp? = nil, rigSince: Timestamp? = nil) {
    self.agent = agent
    self.since = since ?? Timestamp(nanoseconds: .max)
    self.rigSince = rigSince ?? Timestamp(nanoseconds: .max)
  }

  private var isFixed: Bool { agent.name == nil }

  static func < (left: Claim, right: Claim) -> Bool {
    if left.isFixed != right.isFixed { return left.isFixed }
    if left.since != right.since { return left.since < right.since }
    if left.rigSince != right.rigSince { return left.rigSince < right.rigSince }
    return left.agent < right.agent
  }
}
