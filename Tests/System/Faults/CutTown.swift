// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

/// A town in which the daemon is killed with -9 at one point after the other, and the account of what was done to it.
/// What is true of it is read from the agents' own logs, from the process table, the files and the journal.
final class CutTown {
  let town: TownUser
  let agents: SoakAgents
  /// The points at which the daemon, or a `gt`, has been killed.
  private(set) var cuts: [String] = []
  /// The runs that were taken away.
  var killed: Set<SoakAgents.Run> = []
  /// Those that ended by a person's will, or on their own request.
  var dismissed: Set<SoakAgents.Run> = []
  /// How often an agent may have been told to begin in one run: again by the next daemon, where the last one was
  /// killed before it could write down that it had been.
  var repeatedOrders = 0
  /// Requests of agents that were to be carried out, by session.
  var requests: [String: Int] = [:]
  /// Events that are no sign of trouble here.
  var expected: Set<String> = []

  static let dropIn = "Environment=GASTOWN_FAULT=%h/fault\nRestartSec=10ms"

  /// So many crashes are no crash loop here.
  static let restarts = """
    "restart": {"initial": "10ms", "max": "100ms", "loop_count": 1000, "loop_window": "1m", "stable": "1m",
    "per_minute": 100000, "stagger": "0s"}
    """

  init(_ town: TownUser, sessions: [String]) {
    self.town = town
    agents = SoakAgents(town: town, sessions: sessions)
  }

  /// The daemon that holds the town's lock; `nil` where none lives.
  var daemon: Int32? {
    guard let pid = town.text("gt/daemon/lock").flatMap({ Int32($0.filter(\.isNumber)) }), agents.isRunning(pid) else {
      return nil
    }
    return pid
  }

  /// Has the daemon, or the next process that has this in its environment, killed at a point.
  func arm(_ line: String) { TestFile.write("\(line)\n", to: "\(town.systemd.root)\(town.home)/fault", mode: 0o666) }

  /// Kills the daemon at a point that `provoke` leads to, and returns when the next is there. The others must not
  /// notice it.
  ///
  /// - Parameter concerned: the sessions that the act is about.
  func cut(_ line: String, concerned: Set<String>, provoke: () async throws -> Void) async throws {
    let daemon = try await eventually("a daemon") { self.daemon }
    let others = agents.sessions.filter { !concerned.contains($0) }
    let before = others.map { agents.atWork($0) }
    arm(line)
    try await provoke()
    try await eventually("the daemon comes by \(line)") { !town.exists("fault") }
    try await eventually("the next daemon after \(line)") { self.daemon.map { $0 != daemon } ?? false }
    cuts.append(line)
    #expect(others.map { agents.atWork($0) } == before, "\(line)")
  }

  /// Runs a `gt` that is killed at a point.
  func cutCommand(_ line: String, _ words: String...) async throws {
    arm(line)
    let result = try await town.systemd.run(
      town.name, ["gt"] + words,
      environment: ["PATH": town.path, "GASTOWN_FAULT": "\(town.home)/fault"])
    #expect(result.status == 137, "\(words) at \(line): \(result.ending) \(result.output) \(result.errors)")
    #expect(!town.exists("fault"), "\(words) did not come by \(line)")
    cuts.append(line)
  }

  /// Takes an agent away.
  func kill(_ session: String) async throws {
    let run = try #require(agents.atWork(session), "\(session) is not at work")
    killed.insert(run)
    // The daemon may be killed by that, and another of the act's processes be gone already.
    try await strike(run.pid)
  }

  /// Waits until an agent is at work in another run than it was, and nobody waits for it any more.
  func back(_ session: String, after former: SoakAgents.Run?, at line: String) async throws {
    try await eventually("\(session) is back after \(line)") {
      agents.atWork(session).map { $0 != former } ?? false && nobodyWaits
    }
  }

  /// Sees that the daemon has ended where it was killed, and nowhere else. What is thrown brings the journal with it.
  func checkRestarts() async throws {
    let restarts = try await town.property("NRestarts")
    guard restarts == "\(cuts.count)" else {
      throw NotInTime(description: "\(restarts) restarts of the daemon after \(cuts.count) ends: \(cuts)")
    }
  }

  /// Whether everybody who was started has been told to begin, and that is written down.
  var nobodyWaits: Bool { (town.text("gt/spawn/pending.json") ?? "[]").filter { !$0.isWhitespace } == "[]" }

  /// Has the daemon look at everything anew, and does not wait for it.
  func poke() async throws { if let daemon { try await strike(daemon, "USR1") } }

  /// Signals a process that may have ended.
  func strike(_ pid: Int32, _ signal: String = "KILL") async throws {
    try await town.run("bash", "-c", "kill -\(signal) \(pid) || :").check()
  }
}
