// SPDX-License-Identifier: Apache-2.0

package import Logging
package import Systemd
package import Town

/// Tells the journal what happened, in the structured fields that tools rely on.
package struct EventJournal: Sendable {
  private let logger: Logger
  private let town: String
  private let feed: EventFeed?
  /// Which events the journal has taken; `nil` where each counts as taken at once.
  let receipts: LogReceipts?

  /// The field by which an entry that is told twice is known again.
  package static let idField = "GT_EVENT_ID"

  /// - Parameters:
  ///   - feed: told of every event as well.
  ///   - receipts: those of the logger's own output.
  package init(logger: Logger, town: String, feed: EventFeed? = nil, receipts: LogReceipts? = nil) {
    self.logger = logger
    self.town = town
    self.feed = feed
    self.receipts = receipts
  }

  /// - Parameter isRepeated: whether it was given to the journal before, which has not taken it.
  package func record(_ event: TownEvent, isRepeated: Bool = false) {
    if !isRepeated { feed?.publish(event, at: LiveTown.wallClock()) }
    var fields: Logger.Metadata = [
      "MESSAGE_ID": "\(event.kind.messageID)",
      "GT_EVENT": "\(event.kind.rawValue)",
      "GT_TOWN": "\(town)",
    ]
    if let id = event.id { fields[Self.idField] = "\(id)" }
    if let agent = event.agent {
      fields["GT_AGENT"] = "\(agent.address)"
      fields["GT_SESSION"] = "\(agent.session)"
      if let rig = agent.rig { fields["GT_RIG"] = "\(rig)" }
    }
    // By this `journalctl --user -u UNIT` shows what is told of an agent beside what it says itself.
    if let unit = event.unit { fields["USER_UNIT"] = "\(unit)" }
    if let bead = event.bead { fields["GT_BEAD"] = "\(bead)" }
    if let pid = event.pid { fields["GT_PID"] = "\(pid)" }
    switch event.cause {
    case .exited(let status)?: fields["GT_EXIT_STATUS"] = "\(status)"
    case .signalled(let signal)?: fields["GT_EXIT_SIGNAL"] = "\(signal)"
    case .serverGone?, .sessionGone?, .shellLeft?, nil: break
    }
    if let restarts = event.restarts { fields["GT_RESTART_COUNT"] = "\(restarts)" }
    if let reason = event.reason { fields["GT_REASON"] = "\(reason)" }
    if let capsule = event.capsule { fields["GT_CAPSULE"] = "\(capsule)" }
    if !event.lastWords.isEmpty {
      fields["GT_LAST_WORDS"] = "\(event.lastWords.map(displayable).joined(separator: "\n"))"
    }
    let level: Logger.Level =
      switch event.kind.severity {
      case .info: .info
      case .notice: .notice
      case .warning: .warning
      case .error: .error
      }
    logger.log(level: level, "\(displayable(event.message))", metadata: fields)
  }

  /// What is no event, of one agent.
  package func remark(_ remark: Remark) {
    var fields: Logger.Metadata = [
      "GT_TOWN": "\(town)", "GT_AGENT": "\(remark.agent.address)", "GT_SESSION": "\(remark.agent.session)",
    ]
    if let rig = remark.agent.rig { fields["GT_RIG"] = "\(rig)" }
    logger.info("\(displayable(remark.message))", metadata: fields)
  }

  package func error(_ message: String) {
    logger.error("\(displayable(message))", metadata: ["GT_TOWN": "\(town)"])
  }

  package func info(_ message: String) {
    logger.info("\(displayable(message))", metadata: ["GT_TOWN": "\(town)"])
  }

  package func warning(_ message: String) {
    logger.warning("\(displayable(message))", metadata: ["GT_TOWN": "\(town)"])
  }

  package func debug(_ message: String) {
    logger.debug("\(displayable(message))", metadata: ["GT_TOWN": "\(town)"])
  }
}
