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

  /// A list of beads, as `bd list` and `bd show` print it. `null` is an empty list; nothing at all
  /// is one only where `allowingNothing` says so.
  static func beads(_ bytes: [UInt8], allowingNothing: Bool) throws(Unreadable) -> [Bead] {
    if allowingNothing, bytes.allSatisfy({ $0 == UInt8(ascii: "\n") || $0 == UInt8(ascii: " ") }) { return [] }
    return (try decode([Record]?.self, bytes) ?? []).map(\.bead)
  }

  /// One bead, as `bd create` prints it.
  static func bead(_ bytes: [UInt8]) throws(Unreadable) -> Bead { try decode(Record.self, bytes).bead }

  /// The reason in `{"error": ...}`, which `bd` prints where its helper process answers.
  static func error(_ bytes: [UInt8]) -> String? {
    struct Failure: Decodable { var error: String }
    return try? JSONDecoder().decode(Failure.self, from: Data(bytes)).error
  }

  /// The line of standard error that says why, fit to be shown on one line.
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
    let lines = result.complaint(limit: 64 << 10).split(whereSeparator: \.isNewline).map(\.trimmingWhitespace).filter {
      !$0.isEmpty
    }
    return error(result.standardOutput) ?? lines.first { $0.hasPrefix("Error") } ?? lines.first
  }

  /// Whether `bd` said by this that it knows of no bead with exactly this id. A short id that
  /// matches several beads is the id of none.
  ///
  /// The id must be named: that something was not found may be said of a database, or of `bd` itself.
  static func saysMissing(_ id: String, _ text: String) -> Bool {
    text.containsBytes(of: "no issue found matching \"\(id)\"") || text.containsBytes(of: "ambiguous ID \"\(id)\"")
      || text.lowercased().containsBytes(of: "issue \(id.lowercased()) not found")
  }

  private static func decode<Value: Decodable>(_ type: Value.Type, _ bytes: [UInt8]) throws(Unreadable) -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(bytes))
    } catch {
      let beginning = String(displayable(String(decoding: bytes.prefix(80), as: UTF8.self)))
      throw Unreadable(description: "bd printed what is no bead list: '\(beginning)' (\(explain(error)))")
    }
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
