// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Town

/// Reads what `bd --json` prints. Unknown keys are passed over; what must be there must be there.
enum BdOutput {
  /// Output that is not what `bd` prints.
  struct Unreadable: Error, CustomStringConvertible {
    var description: String
  }

  /// A list of beads, as `bd list` and `bd show` print it; `nil` where nothing at all was printed. `null` is an empty
  /// list, and so is the sentence that says it.
  static func beads(_ bytes: [UInt8]) throws(Unreadable) -> [Bead]? {
    if bytes.allSatisfy({ $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: " ") }) { return nil }
    do throws(Unreadable) {
      return (try decode(Answer<[Record]?>.self, bytes).value ?? []).map(\.bead)
    } catch {
      guard bytes.count < 1_000, BdWording.isEmptyList(String(decoding: bytes, as: UTF8.self)) else { throw error }
      return []
    }
  }

  /// One bead, as `bd create` prints it.
  static func bead(_ bytes: [UInt8]) throws(Unreadable) -> Bead { try decode(Answer<Record>.self, bytes).value.bead }

  /// The reason in `{"error": ...}`, on whichever stream it is printed.
  static func error(_ bytes: [UInt8]) -> String? {
    struct Failure: Decodable { var error: String }
    guard bytes.contains(UInt8(ascii: "{")) else { return nil }
    return try? decode(Failure.self, bytes).error
  }

  /// The line that says why, fit to be shown on one line.
  static func reason(_ result: CommandResult) -> String {
    guard let complaint = complaint(result) else {
      switch result.ending {
      case .exited(let status): return "bd ended with status \(status) and no reason"
      case .signalled(let signal): return "bd was ended by signal \(signal)"
      }
    }
    return excerpt(complaint)
  }

  /// The beginning of a complaint, fit to be shown. Not so many characters: one may be as long as a book.
  static func excerpt(_ complaint: String) -> String {
    var result = String.UnicodeScalarView()
    result.append(contentsOf: complaint.unicodeScalars.prefix(400))
    return displayable(String(result))
  }

  /// The same as it was printed; `nil` where nothing was said. Of megabytes only what is at the beginning and at the
  /// end counts.
  static func complaint(_ result: CommandResult) -> String? {
    let text = result.complaint(limit: 64 << 10)
    if let reason = error(result.standardOutput) ?? error(Array(text.utf8)) { return reason }
    let lines = lines(of: text)
    if let line = lines.first(where: { $0.hasPrefix("Error") }) ?? lines.first(where: { !BdWording.isWarning($0) }) {
      return line
    }
    // A reason may stand where the answer should. What is no text is none.
    if !result.succeeded, result.standardOutput.count < 4_096, let line = Self.lines(of: result.output).first {
      return line
    }
    return lines.first
  }

  /// The lines that are not empty.
  static func lines(of text: String) -> [String] {
    text.split(whereSeparator: \.isNewline).map(\.trimmingWhitespace).filter { !$0.isEmpty }
  }

  /// A value as it is, or as `data` of an envelope.
  private struct Answer<Value: Decodable>: Decodable {
    var value: Value

    private enum CodingKeys: CodingKey { case data }

    init(from decoder: any Decoder) throws {
      if let envelope = try? decoder.container(keyedBy: CodingKeys.self), envelope.contains(.data) {
        value = try envelope.decode(Value.self, forKey: .data)
      } else {
        value = try Value(from: decoder)
      }
    }
  }

  /// How many lines are tried as the first of the JSON, where others stand before it.
  private static let mostBeginnings = 20

  /// Decodes what was printed. Warnings may stand before the JSON and hints behind it, on lines of their own.
  private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(Unreadable) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      for part in parts(of: bytes) {
        if let value = try? JSONDecoder().decode(type, from: Data(part)) { return value }
      }
      let beginning = String(displayable(String(decoding: bytes.prefix(80), as: UTF8.self)))
      throw Unreadable(description: "bd did not print a bead list: '\(beginning)' (\(explain(error)))")
    }
  }

  /// What of some lines may be JSON: it begins and ends at the edge of a line.
  private static func parts(of bytes: [UInt8]) -> [ArraySlice<UInt8>] {
    var beginnings: [Int] = []
    var end = bytes.endIndex
    var place = bytes.startIndex
    while place < bytes.endIndex {
      let next = bytes[place...].firstIndex(of: UInt8(ascii: "\n")).map { $0 + 1 } ?? bytes.endIndex
      switch bytes[place] {
      case UInt8(ascii: "["), UInt8(ascii: "{"):
        if beginnings.count < mostBeginnings { beginnings.append(place) }
        // On one line, it may end here.
        end = next
      case UInt8(ascii: "]"), UInt8(ascii: "}"): end = next
      default: break
      }
      place = next
    }
    let last = end
    return beginnings.filter { $0 > bytes.startIndex || last < bytes.endIndex }.map { bytes[$0..<last] }
  }

  private static func explain(_ error: any Error) -> String {
    switch error as? DecodingError {
    case .keyNotFound(let key, _): "'\(key.stringValue)' is missing"
    case .typeMismatch(_, let context), .valueNotFound(_, let context), .dataCorrupted(let context):
      context.debugDescription
    default: "\(error)"
    }
  }

  /// A bead as `bd` prints it.
  private struct Record: Decodable {
    var bead: Bead

    private enum CodingKeys: String, CodingKey {
      case id, title, description, status, priority, assignee, labels, ephemeral
      case type = "issue_type"
      case createdAt = "created_at"
      case updatedAt = "updated_at"
      case hookSlot = "hook_bead"
      case stateSlot = "agent_state"
    }

    init(from decoder: any Decoder) throws {
      let container = try decoder.container(keyedBy: CodingKeys.self)
      let id = try container.decode(String.self, forKey: .id)
      guard !id.isEmpty else {
        throw DecodingError.dataCorruptedError(forKey: .id, in: container, debugDescription: "a bead without an id")
      }
      let created = try Record.time(.createdAt, in: container)
      guard let updated = try Record.time(.updatedAt, in: container) ?? created else {
        throw DecodingError.dataCorruptedError(
          forKey: .updatedAt, in: container, debugDescription: "\(id) has no time of its last change")
      }
      bead = Bead(
        id: id,
        title: try container.decodeIfPresent(String.self, forKey: .title) ?? "",
        description: try container.decodeIfPresent(String.self, forKey: .description) ?? "",
        status: Bead.Status(rawValue: try container.decode(String.self, forKey: .status)),
        type: try container.decode(String.self, forKey: .type),
        assignee: try container.decodeIfPresent(String.self, forKey: .assignee) ?? "",
        priority: try container.decodeIfPresent(Int.self, forKey: .priority) ?? 2,
        labels: try container.decodeIfPresent([String].self, forKey: .labels) ?? [],
        createdAt: created ?? updated,
        updatedAt: updated,
        hookSlot: try container.decodeIfPresent(String.self, forKey: .hookSlot),
        stateSlot: try container.decodeIfPresent(String.self, forKey: .stateSlot),
        isEphemeral: try container.decodeIfPresent(Bool.self, forKey: .ephemeral) ?? false)
    }

    /// `nil` for an absent time, and for Go's zero time, which means the same.
    private static func time(_ key: CodingKeys, in container: KeyedDecodingContainer<CodingKeys>) throws -> Timestamp? {
      guard let text = try container.decodeIfPresent(String.self, forKey: key), !text.hasPrefix("0001-") else {
        return nil
      }
      guard let time = Timestamp(text) else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: container, debugDescription: "\(quotedForDisplay(text)) is not an RFC 3339 time")
      }
      return time
    }
  }
}
