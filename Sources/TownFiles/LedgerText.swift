// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Synchronization
import Town

/// The ledger as its file has it: JSON, one agent a line.
///
/// All of it is written with every turn that changes something, and a turn changes one or two agents of
/// hundreds: what is as it was when it was last asked for is not encoded again.
final class LedgerText: Sendable {
  private struct Line {
    var record: AgentRecord
    var text: [UInt8]
  }

  private let lines = Mutex<[String: Line]>([:])

  /// - Throws: `EncodingError`.
  func encode(_ ledger: Ledger) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    var rest = ledger
    rest.agents = [:]
    let opening = Array(#"{"agents":{"#.utf8)
    let empty = Array(try encoder.encode(rest))
    guard empty.starts(with: opening) else { return Array(try encoder.encode(ledger)) + [UInt8(ascii: "\n")] }
    return try lines.withLock { lines in
      var present: [String: Line] = [:]
      present.reserveCapacity(ledger.agents.count)
      var text = opening
      for (session, record) in ledger.agents.sorted(by: { $0.key < $1.key }) {
        var line = lines[session] ?? Line(record: record, text: [])
        if line.text.isEmpty || line.record != record {
          line = Line(
            record: record, text: try encoder.encode(session) + [UInt8(ascii: ":")] + encoder.encode(record))
        }
        text += present.isEmpty ? [UInt8(ascii: "\n")] : Array(",\n".utf8)
        text += line.text
        present[session] = line
      }
      lines = present
      return text + empty.dropFirst(opening.count) + [UInt8(ascii: "\n")]
    }
  }
}
