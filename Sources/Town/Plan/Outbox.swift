// SPDX-License-Identifier: Apache-2.0

/// Messages on their way to the bead store. What is not sent yet is in the ledger, except for messages about the work on a
/// hook: the rules decide upon those again with every heartbeat.
package struct Outbox: Sendable {
  /// Those that are sent when the present ones have gone out.
  private var waiting: [Notice] = []
  /// Why messages could not be sent, by key: of each that is said once.
  private var failures: [String: String] = [:]

  package init() {}

  /// Enters messages into the ledger. Where it is full the oldest are given up.
  ///
  /// - Parameter retrying: whether those that could not be sent before are tried again.
  /// - Returns: the messages to be sent, and a complaint for the journal.
  package func enter(
    _ notices: [Notice], retrying: Bool, ledger: inout Ledger
  ) -> (notices: [Notice], complaint: String?) {
    let old = retrying ? ledger.outbox : []
    ledger.outbox += notices.filter { $0.hook == nil }
    let lost = ledger.outbox.count - Ledger.outboxLimit
    guard lost > 0 else { return (old + notices, nil) }
    ledger.outbox.removeFirst(lost)
    return (old + notices, "\(lost) messages are dropped: \(Ledger.outboxLimit) others wait already")
  }

  /// Lines messages up, except for those that wait already or are being sent.
  package mutating func enqueue(_ notices: [Notice], isBeingSent: (String) -> Bool) {
    for notice in notices
    where !isBeingSent(notice.repeatKey) && !waiting.contains(where: { $0.repeatKey == notice.repeatKey }) {
      waiting.append(notice)
    }
  }

  /// The messages that wait, which are sent now; `nil` where there are none.
  package mutating func next() -> [Notice]? {
    if waiting.isEmpty { return nil }
    defer { waiting = [] }
    return waiting
  }

  /// Notes what became of a message.
  ///
  /// - Returns: a complaint for the journal.
  package mutating func note(_ delivery: Delivery, of notice: Notice, ledger: inout Ledger) -> String? {
    var complaint: String?
    switch delivery {
    case .failed(let reason):
      let isKnown = failures.updateValue(reason, forKey: notice.repeatKey) != nil
      return isKnown ? nil : "\(notice.subject): the message could not be sent: \(reason)"
    case .impossible(let reason):
      complaint = "\(notice.subject): the message is dropped, as it can never be sent: \(reason)"
    case .sent: break
    }
    failures[notice.repeatKey] = nil
    ledger.outbox.removeAll { $0 == notice }
    ledger[notice.agent].noteSent(notice)
    return complaint
  }

  /// What became of sending a message.
  package enum Delivery: Sendable, Hashable {
    case sent
    /// It may be sent later.
    case failed(String)
    /// It never can.
    case impossible(String)
  }
}

extension Notice {
  /// By which a message that is sent again is known.
  package var repeatKey: String { "\(key) \(agent.session) \(hook ?? "")" }
}
