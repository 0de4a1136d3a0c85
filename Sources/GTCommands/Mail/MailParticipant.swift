// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Town
import TownFiles

/// Whose mailbox is meant.
struct MailParticipant: Sendable {
  /// The person.
  static let overseer = AgentIdentity.overseer

  let layout: TownLayout
  let environment: [String: String]
  /// The rig of the current directory, for names without a rig.
  let rig: String?

  /// The mailbox that an address means, in any form that mail has ever carried.
  ///
  /// - Throws: `AddressError` with the nearest address that there is, or with both that it may be;
  ///   `TownFileError` where the registry cannot be read.
  func mailbox(_ address: String) throws -> String {
    switch Self.trimmed(address) {
    // These are there whatever becomes of the registry.
    case Self.overseer: Self.overseer
    case "mayor": AgentIdentity.mayor.mailbox
    case "deacon": AgentIdentity.deacon.mailbox
    default: try AddressBook(layout: layout).agent(address, in: rig, suggesting: [Self.overseer]).mailbox
    }
  }

  /// The mailbox of the caller of this command: the agent whose environment this is, else the person.
  ///
  /// - Throws: `AddressError` or `NameError` where the environment names no participant: mail from an agent must not
  ///   look as if a person had written it.
  func own() throws -> String {
    guard let role = environment["GT_ROLE"], !role.isEmpty else { return Self.overseer }
    switch AgentIdentity.Role(rawValue: role) {
    case .mayor: return AgentIdentity.mayor.mailbox
    case .deacon: return AgentIdentity.deacon.mailbox
    case .witness: return AgentIdentity.witness(rig: try rig(of: role)).mailbox
    case .refinery: return AgentIdentity.refinery(rig: try rig(of: role)).mailbox
    case .polecat:
      let name = try variable("GT_POLECAT", of: role)
      try TownName.checkPolecat(name)
      return AgentIdentity.polecat(rig: try rig(of: role), name: name).mailbox
    case .crew:
      let name = try variable("GT_CREW", of: role)
      try TownName.checkCrew(name)
      return AgentIdentity.crew(rig: try rig(of: role), name: name).mailbox
    case nil:
      // An address instead of a role. Which of the two an ambiguous one is does not matter here: the
      // mailbox is the same.
      if Self.trimmed(role) == Self.overseer { return Self.overseer }
      let rigs = try RigRegistry(layout: layout).rigs().map(\.name)
      let candidates = Set(Roster(rigs: rigs).candidates(address: role).map(\.mailbox))
      guard let mailbox = candidates.first, candidates.count == 1 else {
        throw AddressError("GT_ROLE is \(quotedForDisplay(role)), which is not a role or an agent of this town")
      }
      return mailbox
    }
  }

  private func rig(of role: String) throws -> String {
    let rig = try variable("GT_RIG", of: role)
    try TownName.checkRig(rig)
    return rig
  }

  private func variable(_ name: String, of role: String) throws -> String {
    guard let value = environment[name], !value.isEmpty else {
      throw AddressError("GT_ROLE is \(role), but \(name) is not set, so the sender is unknown")
    }
    return value
  }

  private static func trimmed(_ address: String) -> String {
    var address = address
    while address.hasSuffix("/") { address.removeLast() }
    return address
  }
}

extension OpenTown {
  /// The mailboxes of this town, as seen by the caller of this command.
  var participant: MailParticipant {
    MailParticipant(layout: layout, environment: environment, rig: TownOptions.currentRig(layout))
  }
}
