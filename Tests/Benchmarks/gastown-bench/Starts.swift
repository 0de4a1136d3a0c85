// SPDX-License-Identifier: Apache-2.0

/// From the start of the daemon's process to READY, by systemd's own clocks, with all agents up already.
struct Starts {
  /// Milliseconds.
  static func times(_ count: Int) throws -> Figure {
    Figure(
      try (0..<count).map { _ in
        let text = try Shell.run(
          """
          systemctl --user restart gastown-daemon
          systemctl --user show --value -p ExecMainStartTimestampMonotonic -p ActiveEnterTimestampMonotonic gastown-daemon
          gt daemon beat >/dev/null
          sleep 0.5
          """, seconds: 120)
        // In alphabetical order or in that of the request: the start is the smaller one either way.
        let times = text.split(separator: "\n").compactMap { Double($0) }.sorted()
        guard times.count == 2, times[0] > 0 else { throw Problem("systemd tells no times: \(text)") }
        return (times[1] - times[0]) / 1_000
      })
  }
}
