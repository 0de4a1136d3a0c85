// SPDX-License-Identifier: Apache-2.0

import Town

/// The clock by which restarts are spaced, and the person's own command.
extension SupervisionState {
  /// Sees whether the wall clock was set since the last turn.
  mutating func followClock(_ ledger: inout Ledger) {
    guard let boot else { return }
    let former = ledger.clock
    ledger.follow(now: bootTime + uptime, uptime: uptime, boot: boot, isWatching: isReady && mode == .town)
    // What the last look has put off is by the former clock.
    if ledger.clock != former { lastLook = nil }
  }

  /// Learns which boot this is, at the first look; no clock can be followed before.
  mutating func noteBoot(_ boot: String, ledger: inout Ledger) {
    guard self.boot != boot else { return }
    self.boot = boot
    followClock(&ledger)
  }

  /// Writes down what the person's command is to be told, and returns it. What an earlier daemon did not
  /// come to is told first.
  func announce(_ events: [TownEvent], at time: Timestamp, ledger: inout Ledger) -> [Announcement] {
    guard mode == .town, facts.announces else {
      ledger.announcements = []
      return []
    }
    let left = isReady ? [] : ledger.announcements
    let new = events.filter(\.concernsPerson).map { Announcement($0, at: time) }
    ledger.announcements += new
    let lost = ledger.announcements.count - Announcement.limit
    if lost > 0 { ledger.announcements.removeFirst(lost) }
    return left + new
  }

  /// The command has ended, or could not be run; it is run once for an event, whatever came of it.
  mutating func finishAnnouncement(_ announcement: Announcement, failure: String?, ledger: inout Ledger) {
    if let index = ledger.announcements.firstIndex(of: announcement) { ledger.announcements.remove(at: index) }
    if let failure {
      journal.error("the command in 'notify' was not told of \(announcement.event): \(failure)")
    }
  }
}
