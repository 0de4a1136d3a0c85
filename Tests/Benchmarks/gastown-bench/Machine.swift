// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// On what, and when, a run was made.
struct Machine: Codable {
  var processor: String
  var cores: Int
  var memory: String
  var kernel: String
  var distribution: String
  var tmux: String
  var systemd: String
  var runit: String
  var bd: String
  var commit: String
  var date: String
  /// The load average of the last minute, before and after.
  var loadBefore: Double
  var loadAfter: Double

  static func here() throws -> Machine {
    func first(_ script: String) throws -> String {
      try Shell.run(script).split(separator: "\n").first.map(String.init) ?? "unknown"
    }
    let environment = ProcessInfo.processInfo.environment
    return Machine(
      processor: try first("sed -n 's/^model name[^:]*: *//p' /proc/cpuinfo | tr -s ' '"),
      cores: Int(try first("nproc")) ?? 0,
      memory: try first(#"awk '/^MemTotal/ {printf "%.0f GB\n", $2 / 1048576}' /proc/meminfo"#),
      kernel: try first("uname -r | grep -oE '^[0-9.]+'"),
      distribution: try first(#". /etc/os-release; echo "$PRETTY_NAME""#),
      tmux: try first("tmux -V"),
      systemd: try first("systemctl --version | cut -d' ' -f1,2"),
      runit: environment["BENCH_RUNIT"] ?? "unknown",
      bd: environment["BENCH_BD"] ?? "unknown",
      commit: environment["BENCH_COMMIT"] ?? "unknown",
      date: try first("date -u +%Y-%m-%dT%H:%M:%SZ"),
      loadBefore: load(), loadAfter: 0)
  }

  static func load() -> Double {
    (try? Shell.run("cut -d' ' -f1 /proc/loadavg")).flatMap { Double($0.filter { !$0.isWhitespace }) } ?? -1
  }
}
