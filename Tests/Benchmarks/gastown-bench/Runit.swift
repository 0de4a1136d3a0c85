// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Debian's runit: one `runsv` for each agent, and `runsvdir` above them.
final class Runit: Contender {
  let name = "runit"
  private var size = 0
  private let directory: pid_t
  private let fifo: String

  init(arrivals: Arrivals) throws {
    fifo = arrivals.path
    try Shell.run("rm -rf ~/service; mkdir ~/service")
    let start = try Shell.start(["bash", "-c", "exec runsvdir -P ~/service 2>/dev/null"])
    directory = start.pid
  }

  func agent(_ number: Int) -> String { "runit-\(number)" }

  func grow(to count: Int, arrivals: inout Arrivals) throws {
    guard count > size else { return }
    // Made elsewhere and moved in whole: runsvdir looks every five seconds.
    try Shell.run(
      """
      rm -rf ~/service.new; mkdir ~/service.new; cd ~/service.new
      for number in $(seq $1 $2); do
        mkdir runit-$number
        printf '#!/bin/sh\\nexec /opt/bench/bin/bench-agent %s runit-%s\\n' $3 $number >runit-$number/run
        chmod +x runit-$number/run
        mv runit-$number ~/service/
      done
      """, "\(size + 1)", "\(count)", fifo)
    size = count
    try arrivals.wait(for: agents(count), seconds: 60)
  }

  /// The spacing of the deaths is enough.
  func settleOne() {}

  /// What has died within a second of its start waits for a second.
  func settle() { Clock.sleep(seconds: 1.2) }

  func supervisors() throws -> [Int32] {
    try [directory] + Shell.lines("pgrep -P $1 -x runsv || true", "\(directory)").compactMap { Int32($0) }
  }

  func stop() throws {
    // It ends its children, and they their agents.
    kill(directory, SIGHUP)
    var status: Int32 = 0
    while waitpid(directory, &status, 0) < 0, errno == EINTR {}
  }
}
