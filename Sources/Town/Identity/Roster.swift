// SPDX-License-Identifier: Apache-2.0

/// The town's registered rigs, and the ways back from text to an agent.
///
/// Rig and agent names may hold hyphens, so a name is never split at a hyphen by guess: the text is
/// held against every registered rig, the longest name first.
package struct Roster: Sendable, Hashable {
  /// The registered rigs, the longest name first.
  package let rigs: [String]

  package init(rigs: some Sequence<String>) {
    self.rigs = Set(rigs).sorted { ($1.utf8.count, $0) < ($0.utf8.count, $1) }
  }

  /// The agents that `session` may belong to. More than one where names collide
  /// (`my-rig/toast` and `my/rig-toast`); none for a session that is not an agent's.
  package func candidates(session: String) -> [AgentIdentity] {
    guard let rest = session.removingPrefix("gt-") else { return [] }
    if rest == "mayor" { return [.mayor] }
    if rest == "deacon" { return [.deacon] }
    return rigs.compactMap { rig -> AgentIdentity? in
      guard let part = rest.removingPrefix(rig + "-"), !part.isEmpty else { return nil }
      if part == "witness" { return .witness(rig: rig) }
      if part == "refinery" { return .refinery(rig: rig) }
      if let name = part.removingPrefix("crew-"), !name.isEmpty { return .crew(rig: rig, name: name) }
      return .polecat(rig: rig, name: part)
    }
  }

  /// The agent whose bead this is; `nil` for a bead that is no agent's of a registered rig.
  package func agent(bead: String) -> AgentIdentity? {
    guard let rest = bead.removingPrefix("gt-") else { return nil }
    if rest == "mayor" { return .mayor }
    if rest == "deacon" { return .deacon }
    for rig in rigs {
      if let part = rest.removingPrefix(rig + "-"), !part.isEmpty {
        if part == "witness" { return .witness(rig: rig) }
        if part == "refinery" { return .refinery(rig: rig) }
        if let name = part.removingPrefix("crew-"), !name.isEmpty { return .crew(rig: rig, name: name) }
        if let name = part.removingPrefix("polecat-"), !name.isEmpty { return .polecat(rig: rig, name: name) }
      }
      if let name = rest.removingPrefix("polecat-\(rig)-"), !name.isEmpty { return .polecat(rig: rig, name: name) }
    }
    return nil
  }

  /// What an address may mean: `rig/name`, any of the forms that mail carries, or a session name.
  /// A trailing `/` is ignored. `<rig>/<name>` may be a polecat or a crew member: both are given,
  /// the polecat first, and the caller, who knows which exist, chooses or refuses.
  package func candidates(address text: String) -> [AgentIdentity] {
    var address = text
    while address.hasSuffix("/") { address.removeLast() }
    if address == "mayor" { return [.mayor] }
    if address == "deacon" { return [.deacon] }
    let parts = address.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    switch parts.count {
    case 1:
      return candidates(session: address) + candidates(dashed: address)
    case 2 where rigs.contains(parts[0]):
      if parts[1] == "witness" { return [.witness(rig: parts[0])] }
      if parts[1] == "refinery" { return [.refinery(rig: parts[0])] }
      guard !parts[1].isEmpty, !TownName.reservedForAgents.contains(parts[1]) else { return [] }
      return [.polecat(rig: parts[0], name: parts[1]), .crew(rig: parts[0], name: parts[1])]
    case 3 where rigs.contains(parts[0]) && !parts[2].isEmpty:
      if parts[1] == "polecats" { return [.polecat(rig: parts[0], name: parts[2])] }
      if parts[1] == "crew" { return [.crew(rig: parts[0], name: parts[2])] }
      return []
    default:
      return []
    }
  }

  /// The dashed forms of older mail: `<rig>-witness`, `<rig>-crew-<name>`, `<rig>-polecat-<name>`.
  private func candidates(dashed address: String) -> [AgentIdentity] {
    rigs.compactMap { rig -> AgentIdentity? in
      guard let part = address.removingPrefix(rig + "-") else { return nil }
      if part == "witness" { return .witness(rig: rig) }
      if part == "refinery" { return .refinery(rig: rig) }
      if let name = part.removingPrefix("crew-"), !name.isEmpty { return .crew(rig: rig, name: name) }
      if let name = part.removingPrefix("polecat-"), !name.isEmpty { return .polecat(rig: rig, name: name) }
      return nil
    }
  }
}

extension String {
  /// What follows `prefix`; `nil` where the text does not begin with it.
  package func removingPrefix(_ prefix: String) -> String? {
    hasPrefix(prefix) ? String(dropFirst(prefix.count)) : nil
  }
}
