// SPDX-License-Identifier: Apache-2.0

/// What a rig, a polecat or a crew member may be called.
///
/// Names become tmux session names, mail addresses, bead ids and directory names. tmux turns `.`
/// and `:` into `_` without a word, so a name may only hold `[A-Za-z0-9][A-Za-z0-9_-]*`.
package enum TownName {
  /// Names that no rig may bear: they are directories or addresses of the town itself.
  package static let reservedForRigs: Set<String> = ["mayor", "deacon", "daemon", "spawn", "overseer"]
  /// Names that no polecat and no crew member may bear: they are parts of a rig.
  package static let reservedForAgents: Set<String> = ["witness", "refinery", "crew", "polecats"]
  /// The longest name, in bytes: what a directory entry can hold less room for what is put around it.
  package static let longest = 100

  /// Checks what a rig is to be called.
  ///
  /// - Throws: ``NameError`` that names the rule that is broken.
  package static func checkRig(_ name: String) throws(NameError) {
    try checkCharacters(name, of: "rig")
    if reservedForRigs.contains(name) { throw NameError(name: name, reason: "the name is reserved by the town itself") }
  }

  /// Checks what a polecat is to be called.
  ///
  /// - Throws: ``NameError`` that names the rule that is broken.
  package static func checkPolecat(_ name: String) throws(NameError) {
    try checkCharacters(name, of: "polecat")
    if reservedForAgents.contains(name) {
      throw NameError(name: name, reason: "the name is reserved by the rig itself")
    }
    if name.hasPrefix("crew-") {
      throw NameError(name: name, reason: "a polecat may not begin with 'crew-': its session would be a crew member's")
    }
  }

  /// Checks what a crew member is to be called.
  ///
  /// - Throws: ``NameError`` that names the rule that is broken.
  package static func checkCrew(_ name: String) throws(NameError) {
    try checkCharacters(name, of: "crew member")
    if reservedForAgents.contains(name) {
      throw NameError(name: name, reason: "the name is reserved by the rig itself")
    }
  }

  private static func checkCharacters(_ name: String, of kind: String) throws(NameError) {
    guard let first = name.utf8.first else { throw NameError(name: name, reason: "a \(kind) needs a name") }
    guard isAlphanumeric(first),
      name.utf8.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-") })
    else {
      throw NameError(
        name: name,
        reason: "a \(kind)'s name begins with a letter or a digit and holds only letters, digits, '_' and '-'")
    }
    guard name.utf8.count <= longest else {
      throw NameError(name: name, reason: "a name has at most \(longest) characters")
    }
  }

  private static func isAlphanumeric(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: false
    }
  }
}

/// A name that the town does not allow.
package struct NameError: Error, Sendable, Equatable, CustomStringConvertible {
  package var name: String
  package var reason: String

  package init(name: String, reason: String) {
    self.name = name
    self.reason = reason
  }

  package var description: String { "\(quotedForDisplay(name)): \(reason)" }
}
