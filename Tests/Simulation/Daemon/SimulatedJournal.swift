// SPDX-License-Identifier: Apache-2.0

import Logging
import Supervision
import Town

/// The journal of one daemon: all that it says is part of the trace, and is looked at by the inspector.
struct SimulatedJournal: LogHandler {
  let daemon: SimulatedDaemon
  var metadata: Logger.Metadata = [:]
  var logLevel: Logger.Level = .info

  /// Whether text is printed as it is; never, but for planted faults.
  let isRaw: Bool

  init(_ daemon: SimulatedDaemon, isRaw: Bool) {
    self.daemon = daemon
    self.isRaw = isRaw
  }

  subscript(metadataKey key: String) -> Logger.Metadata.Value? {
    get { metadata[key] }
    set { metadata[key] = newValue }
  }

  func log(event: LogEvent) {
    let fields = event.metadata ?? [:]
    let message = isRaw ? "\(event.message) \(fields["GT_BEAD"].map { "\($0)" } ?? "")" : "\(event.message)"
    let level = event.level
    let kind = fields["GT_EVENT"].flatMap { EventKind(rawValue: "\($0)") }
    let session = fields["GT_SESSION"].map { "\($0)" }
    let pid = fields["GT_PID"].flatMap { Int32("\($0)") }
    let bead = fields["GT_BEAD"].map { "\($0)" }
    let id = fields[EventJournal.idField].map { "\($0)" }
    let missing = (kind?.fields ?? []).subtracting(fields.keys).sorted()
    daemon.town.with { world in
      guard world.reaches(daemon.number, .journal, "\(level) \(kind?.rawValue ?? "") \(message)") else { return }
      // One that a daemon has told, and could not write down that it had, is told by the next with the same id.
      if let id, !world.inspector.told.insert(id).inserted { return }
      world.inspectEntry(kind, session: session, pid: pid, bead: bead, message: message, missing: missing)
    }
  }

  static func journal(of daemon: SimulatedDaemon, isRaw: Bool = false) -> EventJournal {
    EventJournal(
      logger: Logger(label: "simulation") { _ in SimulatedJournal(daemon, isRaw: isRaw) }, town: SimulatedWorld.town)
  }
}
