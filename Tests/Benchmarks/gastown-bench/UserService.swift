// SPDX-License-Identifier: Apache-2.0

/// A systemd user service for each agent, restarted at once.
final class UserService: Contender {
  let name = "systemd, RestartSec=0"
  private var size = 0

  init(arrivals: Arrivals) throws {
    try Shell.run(
      """
      mkdir -p ~/.config/systemd/user
      cat >~/.config/systemd/user/bench-agent@.service <<UNIT
      [Unit]
      StartLimitIntervalSec=0
      [Service]
      ExecStart=/opt/bench/bin/bench-agent $1 systemd-%i
      Restart=always
      RestartSec=0
      UNIT
      systemctl --user daemon-reload
      """, arrivals.path)
  }

  func agent(_ number: Int) -> String { "systemd-\(number)" }

  func grow(to count: Int, arrivals: inout Arrivals) throws {
    guard count > size else { return }
    try Shell.run("seq -f 'bench-agent@%.0f.service' $1 $2 | xargs systemctl --user start", "\(size + 1)", "\(count)")
    size = count
    try arrivals.wait(for: agents(count), seconds: 60)
  }

  func settleOne() {}
  func settle() {}

  /// The user's manager: it is there in any case, for ours too.
  func supervisors() throws -> [Int32] {
    try Shell.lines("systemctl show --value -p MainPID user@$(id -u).service").compactMap { Int32($0) }
  }

  func stop() throws { try Shell.run("systemctl --user stop 'bench-agent@*.service'") }
}
