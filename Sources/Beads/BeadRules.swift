// SPDX-License-Identifier: Apache-2.0

import Town

/// What may be handed to a bead store: the rules that hold for both stores alike.
package enum BeadRules {
  /// The longest title, in bytes: what `bd` takes.
  static let longestTitle = 500
  /// The longest text that `bd` can be given, in bytes: the kernel allows 128 KiB for one argument.
  static let longestText = 120_000

  /// Whether `text` can be a bead's id, and can be an argument without being taken for an option.
  package static func isID(_ text: String) -> Bool {
    guard let first = text.utf8.first, first != UInt8(ascii: "-"), text.utf8.count <= 200 else { return false }
    return text.utf8.allSatisfy {
      isAlphanumeric($0) || $0 == UInt8(ascii: ".") || $0 == UInt8(ascii: "_") || $0 == UInt8(ascii: "-")
    }
  }

  /// Why a text is none.
  package static func noID(_ text: String) -> String {
    "\(quotedForDisplay(text)) is not a bead's id: letters, digits, '.', '_' and '-', not beginning with '-'"
  }

  static func checkID(_ id: String, attempt: String) throws(BeadStoreError) {
    guard isID(id) else {
      throw BeadStoreError(
        .refused, attempt: attempt,
        message: noID(id))
    }
  }

  static func check(_ draft: BeadDraft, attempt: String) throws(BeadStoreError) {
    if let id = draft.id { try checkID(id, attempt: attempt) }
    guard !draft.type.isEmpty,
      draft.type.utf8.allSatisfy({ isAlphanumeric($0) || $0 == UInt8(ascii: "-") || $0 == UInt8(ascii: "_") })
    else {
      throw BeadStoreError(.refused, attempt: attempt, message: "\(quotedForDisplay(draft.type)) is not a type of bead")
    }
    guard !draft.title.isEmpty else {
      throw BeadStoreError(.refused, attempt: attempt, message: "a bead needs a title")
    }
    guard draft.title.utf8.count <= longestTitle else {
      throw BeadStoreError(.refused, attempt: attempt, message: "the title is longer than \(longestTitle) bytes")
    }
    guard (0...4).contains(draft.priority) else {
      throw BeadStoreError(.refused, attempt: attempt, message: "priority \(draft.priority) is not one of 0 to 4")
    }
    for text in [draft.title, draft.description] { try checkText(text, attempt: attempt) }
    if !draft.assignee.isEmpty { try checkName(draft.assignee, attempt: attempt) }
    for label in draft.labels { try checkName(label, attempt: attempt) }
    if let author = draft.author { try checkName(author, attempt: attempt) }
  }

  static func check(_ change: BeadChange, attempt: String) throws(BeadStoreError) {
    if let description = change.description { try checkText(description, attempt: attempt) }
    if let assignee = change.assignee, !assignee.isEmpty { try checkName(assignee, attempt: attempt) }
    guard let status = change.status else { return }
    if status == .tombstone {
      throw BeadStoreError(
        .refused, attempt: attempt, message: "a bead is not deleted by changing its status: close it")
    }
    guard statuses.contains(status.rawValue) else {
      throw BeadStoreError(.refused, attempt: attempt, message: "\(quotedForDisplay(status.rawValue)) is not a status")
    }
  }

  /// Labels are handed to `bd` as one comma-separated list, and names become labels (`cc:NAME`).
  static func checkName(_ name: String, attempt: String) throws(BeadStoreError) {
    let isPlain = name.unicodeScalars.allSatisfy { scalar in
      scalar != "," && scalar != "\"" && !scalar.properties.isWhitespace
        && scalar.properties.generalCategory != .control
    }
    guard isPlain, !name.isEmpty, name.utf8.count <= 300 else {
      throw BeadStoreError(
        .refused, attempt: attempt,
        message:
          "\(quotedForDisplay(name)) cannot be a name or a label: no spaces, commas, quotes or control characters")
    }
  }

  private static let statuses: Set<String> = [
    "open", "in_progress", "blocked", "deferred", "closed", "pinned", "hooked",
  ]

  /// A program's argument ends at its first NUL, so what lies behind one would be lost.
  private static func checkText(_ text: String, attempt: String) throws(BeadStoreError) {
    if text.utf8.contains(0) {
      throw BeadStoreError(.refused, attempt: attempt, message: "the text holds a NUL character")
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
