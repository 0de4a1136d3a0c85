// SPDX-License-Identifier: Apache-2.0

package import FoundationEssentials
package import Logging
import Glibc

/// Logs lines to standard error: for a person at a terminal, or for the journal's pipe.
///
/// Nothing that is logged can steer a terminal or begin a line of its own: control characters are
/// written out.
package struct StandardErrorLogHandler: LogHandler {
  /// How a line is written.
  package enum Style: Sendable, Hashable {
    /// `2026-11-23T15:18:00.123Z warning message key=value`.
    case readable(colours: Bool)
    /// `<4>message key=value`, where the reader keeps the time and takes the number as the priority.
    case prefixed
  }

  package var metadata: Logger.Metadata = [:]
  package var metadataProvider: Logger.MetadataProvider?
  package var logLevel: Logger.Level = .info

  private let style: Style
  private let queue: LogQueue
  private let now: @Sendable () -> Date

  package init(style: Style, queue: LogQueue, now: @escaping @Sendable () -> Date = { Date() }) {
    self.style = style
    self.queue = queue
    self.now = now
  }

  package subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  package func log(event: LogEvent) {
    queue.append(LogEntry(parts: [Array(line(of: event).utf8)], id: queue.id(event.metadata)))
  }

  /// The line of one event, without its end.
  func line(of event: LogEvent) -> String {
    var line = beginning(event.level) + LineText.visible(event.message.description)
    for (key, value) in MergedMetadata.of(event, handler: metadata, provider: metadataProvider)
    where key != "MESSAGE_ID" && key != queue.receipts?.key {  // Which are for the journal and its readers.
      line += " \(LineText.visible(key))=\(quoted(value))"
    }
    return line
  }

  private func beginning(_ level: Logger.Level) -> String {
    switch style {
    case .prefixed:
      return "<\(JournalField.priority(level))>"
    case .readable(let colours):
      let time = now().formatted(Date.ISO8601FormatStyle(includingFractionalSeconds: true))
      let name = level.rawValue
      return colours ? "\u{1B}[2m\(time)\u{1B}[0m \(colour(level))\(name)\u{1B}[0m " : "\(time) \(name) "
    }
  }

  private func colour(_ level: Logger.Level) -> String {
    switch level {
    case .trace, .debug: "\u{1B}[2m"
    case .info: "\u{1B}[32m"
    case .notice: "\u{1B}[36m"
    case .warning: "\u{1B}[33m"
    case .error, .critical: "\u{1B}[31m"
    }
  }

  /// With quotes where the value's end could not be told without.
  private func quoted(_ value: String) -> String {
    let text = LineText.visible(value)
    guard text.isEmpty || text.contains(where: { $0 == " " || $0 == "\"" || $0 == "=" }) else { return text }
    return "\"" + text.map { $0 == "\"" ? "\\\"" : String($0) }.joined() + "\""
  }

  /// Writes one line to `descriptor`; blocks while there is no reader. Returns whether all of it was written.
  static func write(_ entry: LogEntry, dropped: Int, field: String, to descriptor: Int32) -> Bool {
    var bytes = entry.parts.flatMap { $0 }
    if dropped > 0 { bytes.append(contentsOf: " \(field)=\(dropped)".utf8) }
    bytes.append(UInt8(ascii: "\n"))
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(descriptor, $0.baseAddress, $0.count) }
      if count < 0 {
        guard errno == EINTR else { return false }
      } else {
        rest = rest.dropFirst(count)
      }
    }
    return true
  }
}
