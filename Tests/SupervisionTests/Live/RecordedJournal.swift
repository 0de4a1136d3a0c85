// SPDX-License-Identifier: Apache-2.0

import Logging
import Supervision
import Synchronization
import Town

/// What the journal was told.
final class RecordedJournal: Sendable {
  struct Entry: Sendable {
    var message: String
    var fields: [String: String]
    var isError: Bool
    var event: String? { fields["GT_EVENT"] }

    /// A field by its name in the journal.
    subscript(field: String) -> String? { field == "MESSAGE" ? message : fields[field] }
  }

  private let recorded = Mutex<[Entry]>([])
  var entries: [Entry] { recorded.withLock { $0 } }

  /// What went wrong and is no event.
  var errors: [String] { entries.filter { $0.isError && $0.event == nil }.map(\.message) }

  func events(_ agent: AgentIdentity) -> [String] {
    entries.filter { $0.fields["GT_SESSION"] == agent.session }.compactMap(\.event)
  }

  func journal(_ town: String) -> EventJournal {
    EventJournal(logger: Logger(label: "recorded") { _ in Handler(journal: self) }, town: town)
  }

  private struct Handler: LogHandler {
    let journal: RecordedJournal
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level = .info

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { metadata[key] }
      set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
      let fields = (event.metadata ?? [:]).mapValues { "\($0)" }
      let entry = Entry(message: "\(event.message)", fields: fields, isError: event.level >= .error)
      journal.recorded.withLock { $0.append(entry) }
    }
  }
}
