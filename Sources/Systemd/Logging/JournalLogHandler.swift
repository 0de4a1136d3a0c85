// SPDX-License-Identifier: Apache-2.0

import CSystemd
package import Logging
import Glibc

/// Logs to the journal with a field for each metadata key.
///
/// A key becomes a field's name by ``JournalField/name(_:)``: `GT_AGENT` stays as it is, `peer-uid`
/// is `PEER_UID`. Keys of the logger's own fields are written with `X_` before them.
package struct JournalLogHandler: LogHandler {
  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level = .info

  private let identifier: String
  private let queue: LogQueue

  /// - Parameters:
  ///   - identifier: `SYSLOG_IDENTIFIER`.
  ///   - queue: one whose sink is ``send(_:dropped:field:)``.
  package init(identifier: String, queue: LogQueue) {
    self.identifier = identifier
    self.queue = queue
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    queue.append(LogEntry(parts: fields(of: event), id: queue.id(event.metadata)))
  }

  /// The entry of one event, field by field.
  func fields(of event: LogEvent) -> [[UInt8]] {
    var fields = [
      JournalField.bytes("MESSAGE", event.message.description),
      JournalField.bytes("PRIORITY", "\(JournalField.priority(event.level))"),
      JournalField.bytes("SYSLOG_IDENTIFIER", identifier),
      JournalField.bytes("CODE_FILE", event.file),
      JournalField.bytes("CODE_LINE", "\(event.line)"),
      JournalField.bytes("CODE_FUNC", event.function),
    ]
    for (key, value) in MergedMetadata.of(event, handler: metadata, provider: metadataProvider) {
      fields.append(JournalField.bytes(JournalField.metadataName(key), value))
    }
    return fields
  }

  /// Sends one entry to the journal; blocks while the journal does not read. Whether it was taken.
  static func send(_ entry: LogEntry, dropped: Int, field: String) -> Bool {
    // libsystemd calls it a success where there is no journal.
    guard access(LogDestination.journalSocket, F_OK) == 0 else { return false }
    var parts = entry.parts
    if dropped > 0 { parts.append(JournalField.bytes(field, "\(dropped)")) }
    return withVectors(parts) { sd_journal_sendv($0.baseAddress, Int32($0.count)) } == 0
  }

  /// The parts as one block of bytes, and where each of them is in it.
  private static func withVectors<Result>(
    _ parts: [[UInt8]], _ body: (UnsafeBufferPointer<iovec>) -> Result
  ) -> Result {
    var block = parts.flatMap { $0 }
    return block.withUnsafeMutableBytes { bytes in
      var offset = 0
      let vectors = parts.map { part in
        defer { offset += part.count }
        return iovec(iov_base: bytes.baseAddress.map { $0 + offset }, iov_len: part.count)
      }
      return vectors.withUnsafeBufferPointer(body)
    }
  }
}
