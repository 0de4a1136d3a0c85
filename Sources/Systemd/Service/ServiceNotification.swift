// SPDX-License-Identifier: Apache-2.0

import Glibc

/// One thing that can be said to the service manager.
package enum ServiceNotification: Sendable, Hashable {
  /// Start-up is complete, or a reload is.
  case ready
  /// How the service is, in one line: cut to what fits, control characters taken out.
  case status(String)
  /// The service is on its way out.
  case stopping
  /// A sign of life.
  case watchdog
  /// Ends the process as if the watchdog had not been answered.
  case watchdogTrigger
  /// A reload began at this time of `CLOCK_MONOTONIC`; ``ready`` ends it, always.
  case reloading(monotonicMicroseconds: UInt64)
  /// Why the service fails, shown by `systemctl status`.
  case errno(Int32)
  /// The current phase takes this much longer, from now.
  case extendTimeout(Duration)
  /// The main process is another one, of the same unit.
  case mainProcess(Int32)
  /// `X_…`, which the manager ignores and shows at debug level.
  case custom(name: String, value: String)

  /// A reload that begins now.
  package static var reloadingNow: ServiceNotification {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return .reloading(monotonicMicroseconds: UInt64(time.tv_sec) * 1_000_000 + UInt64(time.tv_nsec) / 1_000)
  }

  /// Whether nothing is lost when a later one of the same kind arrives instead.
  var isDroppable: Bool {
    switch self {
    case .status, .watchdog, .extendTimeout, .custom: true
    case .ready, .stopping, .watchdogTrigger, .reloading, .errno, .mainProcess: false
    }
  }
}

extension ServiceNotification {
  /// The manager drops a longer message without a word to us.
  package static let longestMessage = 4096

  /// One datagram's text: what must arrive first, and of the rest as much as fits.
  package static func message(_ notifications: [ServiceNotification]) -> String {
    var lines = notifications.compactMap(\.assignments)
    var used = lines.reduce(0) { $0 + $1.utf8.count + 1 }
    for case .custom(let name, let value) in notifications {
      let line = "\(customName(name))=\(LineText.flattened(value))"
      if used + line.utf8.count <= longestMessage {
        lines.append(line)
        used += line.utf8.count + 1
      }
    }
    for case .status(let text) in notifications {
      let room = longestMessage - used - "STATUS=".utf8.count
      guard room > 0 else { break }
      let line = "STATUS=\(LineText.prefix(LineText.flattened(text), bytes: room))"
      lines.append(line)
      used += line.utf8.count + 1
    }
    return lines.joined(separator: "\n")
  }

  /// What is sent for those of a fixed form.
  private var assignments: String? {
    switch self {
    case .ready: "READY=1"
    case .stopping: "STOPPING=1"
    case .watchdog: "WATCHDOG=1"
    case .watchdogTrigger: "WATCHDOG=trigger"
    case .reloading(let microseconds): "RELOADING=1\nMONOTONIC_USEC=\(microseconds)"
    case .errno(let code): "ERRNO=\(code)"
    case .extendTimeout(let duration): "EXTEND_TIMEOUT_USEC=\(Self.microseconds(duration))"
    case .mainProcess(let identifier): "MAINPID=\(identifier)"
    case .status, .custom: nil
    }
  }

  private static func microseconds(_ duration: Duration) -> Int64 {
    let (seconds, attoseconds) = duration.components
    return max(0, seconds * 1_000_000 + attoseconds / 1_000_000_000_000)
  }

  private static func customName(_ name: String) -> String {
    let valid = JournalField.name(name)
    return valid.hasPrefix("X_") ? valid : "X_\(valid)"
  }
}
