// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Processes

/// The least that a restart in tmux takes, measured in the same run beside ours: one pane of the same server, whose
/// end is waited for by pidfd, and one `tmux respawn-pane -k`. It asks nothing, keeps nothing, and would also replace
/// an agent that lives.
struct LeastRestart {
  private let town: BenchTown
  private let runner: SystemCommandRunner
  private let session = "least"

  init(_ town: BenchTown) {
    self.town = town
    runner = SystemCommandRunner(environment: BenchTown.environment)
  }

  func begin() async throws {
    try await tmux(["new-session", "-d", "-x", "200", "-y", "50", "-s", session] + agent)
    let end = ContinuousClock.now + .seconds(30)
    while town.arrivals.process(of: session) == nil, ContinuousClock.now < end {
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// Kills it, and starts it again.
  func sample() async throws -> Duration {
    guard let process = town.arrivals.process(of: session) else {
      throw BenchTown.Failure(description: "the pane of the least restart did not come up")
    }
    async let end: Void = ProcessExit.wait(for: process)
    let start = Moment.now
    try Signals.send(SIGKILL, to: process)
    try await end
    try await tmux(["respawn-pane", "-k", "-t", "=\(session):"] + agent)
    return try await town.arrivals.next(of: session, after: process) - start
  }

  private var agent: [String] { ["/usr/bin/env", "GT_SESSION=\(session)", town.agent, town.arrivalsPath] }

  private func tmux(_ words: [String]) async throws {
    let result = try await runner.run(
      Command("tmux", ["-N", "-u", "-S", "\(town.root)/tmux"] + words, workingDirectory: "/", deadline: .seconds(30)))
    guard result.succeeded else { throw BenchTown.Failure(description: "tmux: \(result.complaint)") }
  }
}
