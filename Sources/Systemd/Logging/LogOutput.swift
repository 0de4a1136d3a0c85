// SPDX-License-Identifier: Apache-2.0

package import Logging
import Glibc

/// The log of this process: one queue, one sink, and a handler for each logger.
package struct LogOutput: Sendable {
  package let destination: LogDestination

  /// Which events the sink has taken.
  package let receipts: LogReceipts?
  private let identifier: String
  private let queue: LogQueue

  /// - Parameters:
  ///   - identifier: the program's name, `SYSLOG_IDENTIFIER` in the journal.
  ///   - droppedField: the field that says how many entries were lost before this one.
  ///   - receipts: told which entries were written, of those that have an id.
  package init(
    destination: LogDestination, identifier: String, droppedField: String = "GT_DROPPED", receipts: LogReceipts? = nil
  ) {
    self.destination = destination
    self.receipts = receipts
    self.identifier = identifier
    switch destination {
    case .journal:
      queue = LogQueue(receipts: receipts) { JournalLogHandler.send($0, dropped: $1, field: droppedField) }
    case .prefixedLines, .lines:
      queue = LogQueue(receipts: receipts) {
        StandardErrorLogHandler.write($0, dropped: $1, field: droppedField, to: STDERR_FILENO)
      }
    }
  }

  /// A handler for `LoggingSystem.bootstrap` or `Logger(label:factory:)`.
  package func handler(
    level: Logger.Level = .info, metadataProvider: Logger.MetadataProvider? = nil
  ) -> any LogHandler {
    var handler: any LogHandler =
      switch destination {
      case .journal: JournalLogHandler(identifier: identifier, queue: queue)
      case .prefixedLines: StandardErrorLogHandler(style: .prefixed, queue: queue)
      case .lines(let colours): StandardErrorLogHandler(style: .readable(colours: colours), queue: queue)
      }
    handler.logLevel = level
    handler.metadataProvider = metadataProvider
    return handler
  }

  /// Waits, at most for `patience`, until what was logged has been written, and read by the journal; whether it was.
  @discardableResult
  package func flush(within patience: Duration = .seconds(2)) async -> Bool {
    let end = ContinuousClock.now + patience
    guard await queue.flush(within: patience) else { return false }
    return destination == .journal ? await JournalBarrier.wait(within: end - .now) : true
  }
}
