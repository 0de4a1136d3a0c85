// SPDX-License-Identifier: Apache-2.0

extension AgentIdentity {
  /// Reads ``actor``, the one form that names every agent without knowing the rigs. `nil` for any
  /// other text.
  package init?(actor: String) {
    let parts = actor.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
    switch (parts.count, parts.last ?? "") {
    case (1, "mayor"): self = .mayor
    case (1, "deacon"): self = .deacon
    case (2, "witness"): self = .witness(rig: parts[0])
    case (2, "refinery"): self = .refinery(rig: parts[0])
    case (3, let name) where parts[1] == "crew" && !name.isEmpty: self = .crew(rig: parts[0], name: name)
    case (3, let name) where parts[1] == "polecats" && !name.isEmpty: self = .polecat(rig: parts[0], name: name)
    default: return nil
    }
  }
}

extension AgentIdentity: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let agent = AgentIdentity(actor: text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(displayable(text))' is no agent")
    }
    self = agent
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(actor)
  }
}
