// SPDX-License-Identifier: Apache-2.0

import Glibc
import Town

/// Times for people, in the time zone of the reader, as the journal shows its own.
enum LocalTime {
  /// `2026-11-30 14:05:29`, by `TZ` or the system's zone.
  static func text(_ time: Timestamp) -> String {
    var seconds = time_t(time.nanoseconds / 1_000_000_000)
    var parts = tm()
    guard localtime_r(&seconds, &parts) != nil else { return "\(time)" }
    var buffer = [CChar](repeating: 0, count: 32)
    let length = strftime(&buffer, buffer.count, "%Y-%m-%d %H:%M:%S", &parts)
    guard length > 0 else { return "\(time)" }
    return String(decoding: buffer.prefix(length).map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
