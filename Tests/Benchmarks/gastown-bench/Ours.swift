// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// gastown-daemon as its units run it, in a town of one rig.
final class Ours: Contender {
  let name = "gastown-daemon"
  let store: Measurement.Store
  private var size = 0

  /// The policy must not hold an agent back that is killed again and again, and for the deaths of all at once the
  /// limits are lifted. Everything else is as it comes.
  private static let settings = """
    "restart": {"initial": "1ms", "max": "1ms", "stable": "1s", "stagger": "0ms", "per_minute": 100000, \
    "loop_count": 1000, "loop_window": "1s"}, "checks": {"mass_share": 1}
    """

  init(store: Measurement.Store, arrivals: Arrivals) throws {
    self.store = store
    try Shell.run(
      """
      cd; rm -rf gt
      gt town init gt >/dev/null
      printf '{"agents": {"default": {"command": ["/opt/bench/bin/bench-agent", "%s"]}}, %s}\\n' "$1" "$2" \
        >gt/mayor/daemon.json
      \(store == .bd ? "(cd gt; bd init --prefix gt) >/dev/null" : "")
      gt rig add rig >/dev/null
      gt daemon install >/dev/null
      """, arrivals.path, Ours.settings)
  }

  func agent(_ number: Int) -> String { "gt-rig-p\(number)" }

  func grow(to count: Int, arrivals: inout Arrivals) throws {
    guard count > size else { return }
    // bd's own slowness is not for the making of the town.
    try Shell.run("cd ~/gt; rm -f .beads/stand-in-faults.json")
    try Shell.run(
      """
      add() { gt polecat add "rig/p$1" >/dev/null; gt agent set "rig/p$1" --hook "gt-work-$1" --state working >/dev/null; }
      export -f add
      seq $1 $2 | xargs -P 3 -I{} bash -c 'add {}'
      """, "\(size + 1)", "\(count)", seconds: 1_200)
    if store == .bd, let delay = ProcessInfo.processInfo.environment["BENCH_BD_DELAY"] {
      try Shell.run(#"printf '{"delay_ms": %d}\n' "$1" >~/gt/.beads/stand-in-faults.json"#, delay)
    }
    try Shell.run("systemctl --user start gastown-daemon; gt daemon beat >/dev/null", seconds: 600)
    size = count
    try arrivals.wait(for: agents(count), seconds: 600)
    try settle()
  }

  func settleOne() throws {
    let path = FileManager.default.homeDirectoryForCurrentUser.appending(path: "gt/spawn/pending.json").path
    for _ in 1...1_500 {
      let text = FileManager.default.contents(atPath: path) ?? Data()
      if text.filter({ ![0x20, 0x0a].contains($0) }) == Data("[]".utf8) {
        // What is left to be done for it is not on disk.
        return Clock.sleep(seconds: 0.1)
      }
      Clock.sleep(seconds: 0.02)
    }
    throw Problem("an agent is not told to begin")
  }

  /// Nobody waits to be told to begin.
  func settle() throws {
    try Shell.run(
      """
      for try in {1..2400}; do
        if [ "$(tr -d ' \\n' <~/gt/spawn/pending.json)" = '[]' ]; then exit; fi
        sleep 0.25
      done
      echo "agents still wait to be told to begin:"; head -c 500 ~/gt/spawn/pending.json; exit 1
      """, seconds: 620)
    try Shell.run("gt daemon beat >/dev/null", seconds: 300)
  }

  func supervisors() throws -> [Int32] {
    try Shell.lines("systemctl --user show --value -p MainPID gastown-daemon").compactMap { Int32($0) }
  }

  func stop() throws {
    try Shell.run(
      """
      systemctl --user stop gastown-daemon.socket gastown-daemon.service gastown-tmux.service >/dev/null
      gt daemon uninstall >/dev/null
      """)
  }
}
