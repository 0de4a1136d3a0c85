// SPDX-License-Identifier: Apache-2.0

/// Says that a person has set or released a hold. The hold itself is a file, which is written before; the daemon writes
/// the decision to the journal, and looks at the town soon.
package struct NoteHold: ControlMethod, Hashable {
  package static let name = "NoteHold"
  /// A second one would be a second entry.
  package static let isIdempotent = false

  /// What is held: an agent's address, a rig's name, or `all`.
  package var place: String
  /// Whether it is held from now on, or released.
  package var held: Bool
  /// Who decided it: an agent's address or a person's name.
  package var who: String
  /// Why, in that one's words; may be empty.
  package var why: String

  package struct Reply: Codable, Sendable, Hashable {
    package init() {}
  }

  package init(place: String, held: Bool, who: String, why: String) {
    self.place = place
    self.held = held
    self.who = who
    self.why = why
  }
}
