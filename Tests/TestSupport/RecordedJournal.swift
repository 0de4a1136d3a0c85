// SPDX-License-Identifier: Apache-2.0

import Logging
package import Supervision
import Synchronization
package import Town

/// What the journal was told.
package final class RecordedJournal: Sendable {
  package struct Entry: Sendable {
    package var message: String
    package var fields: [String: String]
    package var isError: Bool
    package var event: String? { fields["GT_EVENT"] }

    /// A field by its name in the journal.
    package subscript(field: String) -> String? { field == "MESSAGE" ? message : fields[field] }
  }

  private let recorded = Mutex<[Entry]>([])

  package init() {}

  package var entries: [Entry] { recorded.withLock { $0 } }

  /// What went wrong and is no event.
  package var errors: [String] { entries.filter { $0.isError && $0.event == nil }.map(\.message) }

  package func events(_ agent: AgentIdentity) -> [String] {
    entries.filter { $0.fields["GT_SESSION"] == agent.session }.compactMap(\.event)
  }

  package func journal(_ town: String) -> EventJournal {
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
