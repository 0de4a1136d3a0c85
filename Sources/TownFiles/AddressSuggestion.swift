// SPDX-License-Identifier: Apache-2.0

import Town

/// The address that may have been meant by one that names no agent.
struct AddressSuggestion {
  let layout: TownLayout
  let rigs: [String]
  /// Addresses that are no agents', such as the person's mailbox.
  var others: [String] = []

  /// The nearest address that there is; `nil` where none is near. Every form in which an agent may be written
  /// counts: what comes back is the short one.
  ///
  /// - Parameter rig: the rig in which a person stands, for a bare name.
  func nearest(to text: String, in rig: String?) -> String? {
    var written = text
    while written.hasSuffix("/") { written.removeLast() }
    let attempts = [written] + (written.contains("/") ? [] : rig.map { ["\($0)/\(written)"] } ?? [])
    return Self.nearest(to: attempts, among: known)
  }

  /// The nearest of these names; `nil` where none is near.
  static func nearest(to text: String, among names: [String]) -> String? {
    nearest(to: [text], among: names.map { ($0, [$0]) })
  }

  private static func nearest(to attempts: [String], among known: [(address: String, forms: [String])]) -> String? {
    var best: (address: String, distance: Int)?
    for (address, forms) in known {
      for form in forms {
        // Of a short word little is left after three changes.
        let limit = min(3, max(1, form.utf8.count / 3))
        guard let changes = attempts.map({ editDistance($0, form) }).min(), changes <= limit else { continue }
        if changes < best?.distance ?? Int.max { best = (address, changes) }
      }
    }
    return best?.address
  }

  /// What there is, and the forms in which it may have been written.
  var known: [(address: String, forms: [String])] {
    others.map { ($0, [$0]) } + [AgentIdentity.mayor, .deacon].map { ($0.address, forms(of: $0)) }
      + rigs.flatMap(members)
  }

  private func members(of rig: String) -> [(address: String, forms: [String])] {
    let crew = names(in: "\(rig)/crew") { try TownName.checkCrew($0) }
    let polecats = names(in: "\(rig)/polecats") { try TownName.checkPolecat($0) }
    return [AgentIdentity.witness(rig: rig), .refinery(rig: rig)].map { ($0.address, forms(of: $0)) }
      + crew.map { AgentIdentity.crew(rig: rig, name: $0) }.map { ($0.address, forms(of: $0)) }
      + polecats.map { name in
        let polecat = AgentIdentity.polecat(rig: rig, name: name)
        // The short form would mean the crew member, too.
        return (crew.contains(name) ? polecat.actor : polecat.address, forms(of: polecat))
      }
  }

  private func forms(of agent: AgentIdentity) -> [String] {
    [agent.address, agent.actor, agent.mailbox, agent.session, String(agent.bead.dropFirst("gt-".count))]
      .map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
  }

  /// A directory that cannot be read has nothing to suggest.
  private func names(in directory: String, where check: (String) throws -> Void) -> [String] {
    ((try? Disk.names(in: layout.path(directory))) ?? []).filter { (try? check($0)) != nil }
  }
}
