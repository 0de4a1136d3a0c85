// SPDX-License-Identifier: Apache-2.0

package import Town

extension BeadStore {
  /// Creates an agent's bead. One that was closed, as a removed agent's is, is opened again with
  /// fresh fields.
  ///
  /// - Parameter hook: the bead on the agent's hook, if any. It need not exist.
  /// - Throws: ``BeadStoreError``; `refused` where the agent has an open bead already.
  @concurrent package func createAgent(
    _ identity: AgentIdentity, state: AgentState = .idle, hook: String? = nil
  ) async throws -> Bead {
    let attempt = "creating the bead of \(identity.address) in \(name)"
    if let hook { try BeadRules.checkID(hook, attempt: attempt) }
    let fields = AgentFields(title: identity.bead, role: identity.role, rig: identity.rig, state: state, hookBead: hook)
    switch try await beads([identity.bead])[identity.bead] {
    case .known(let bead?) where bead.status.isOver:
      return try await update(bead.id, BeadChange(description: fields.description, status: .open))
    case .known(.some):
      throw BeadStoreError(.refused, attempt: attempt, message: "\(identity.bead) exists already")
    case .known(nil):
      return try await create(
        BeadDraft(id: identity.bead, type: "agent", title: identity.bead, description: fields.description))
    case .unknown(let reason):
      throw BeadStoreError(.unavailable, attempt: attempt, message: reason)
    case nil:
      throw BeadStoreError(.unreadable, attempt: attempt, message: "no answer for \(identity.bead)")
    }
  }

  /// Retires an agent's bead. It is closed, not deleted: what the agent did stays on record, and a
  /// closed agent bead means an agent that is no more.
  ///
  /// - Throws: ``BeadStoreError``; `notFound` where the agent has no bead.
  @concurrent package func retireAgent(_ id: String, reason: String) async throws -> Bead {
    try await close(id, reason: reason)
  }
}

extension Bead {
  /// The description with an agent's fields set; `nil` where nothing is to change.
  func settingAgent(state: AgentState?, hook: HookChange?, attempt: String) throws(BeadStoreError) -> String? {
    guard type == "agent" else {
      throw BeadStoreError(
        .refused, attempt: attempt, message: "\(id) is not an agent's bead, but of type \(quotedForDisplay(type))")
    }
    var fields = AgentFields(description: description)
    if let state {
      let word = state.rawValue
      guard !word.isEmpty, word.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7f }) else {
        throw BeadStoreError(.refused, attempt: attempt, message: "\(quotedForDisplay(word)) is not an agent's state")
      }
      fields.set(.agentState, to: word)
    }
    if let hook {
      if let bead = hook.value { try BeadRules.checkID(bead, attempt: attempt) }
      fields.set(.hookBead, to: hook.value)
    }
    return fields.description == description ? nil : fields.description
  }
}
