// SPDX-License-Identifier: Apache-2.0

import Glibc

/// CLOCK_MONOTONIC, which the agents read too.
enum Clock {
  /// Nanoseconds.
  static var now: Int64 {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
  }

  static func sleep(until time: Int64) {
    let rest = time - now
    if rest > 0 { sleep(seconds: Double(rest) / 1e9) }
  }

  static func sleep(seconds: Double) {
    var rest = timespec(tv_sec: Int(seconds), tv_nsec: Int((seconds - seconds.rounded(.down)) * 1e9))
    var left = timespec()
    while nanosleep(&rest, &left) != 0, errno == EINTR { rest = left }
  }
}
