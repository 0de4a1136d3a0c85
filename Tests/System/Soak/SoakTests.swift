// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// `GASTOWN_SOAK_MINUTES` says how long; `GASTOWN_SEED` repeats what is done, if not when.
@Suite("A hundred agents for a long time", .requiresSystemd)
struct SoakTests {
  static let minutes = TestEnvironment.variable("GASTOWN_SOAK_MINUTES").flatMap { Int($0) }
  private static let seed =
    TestEnvironment.variable("GASTOWN_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)

  private struct Sample {
    var daemon: Footprint
    var tmux: Footprint
  }

  @Test(.enabled(if: minutes != nil, "make soak MINUTES=… has it run"), .timeLimit(.minutes(24 * 60)))
  func `every promise is kept, and nothing grows`() async throws {
    let polecats = (1...97).map { "rig\($0 % 2 + 1)/w\($0)" }
    var plan = TownUser.Plan(polecats: polecats, isStarted: false)
    // Agents that die every minute are what is wanted here, and no crash loop. The crashes of a window are kept.
    plan.settings = """
      "restart": {"initial": "100ms", "max": "1s", "loop_count": 1000, "loop_window": "1m", "stable": "1m",
      "per_minute": 100000, "stagger": "0s"}
      """
    plan.dropIn = "RestartSec=100ms"
    let duration = Duration.seconds(60 * (Self.minutes ?? 1))
    print("soak: GASTOWN_SOAK_MINUTES=\(Self.minutes ?? 1) GASTOWN_SEED=\(Self.seed)")
    try await withTown(plan) { town in
      try await town.write(SoakAgents.program, to: "bin/agent", isExecutable: true)
      try await town.start()
      let sessions =
        ["gt-deacon", "gt-rig1-witness", "gt-rig2-witness"]
        + polecats.map { "gt-\($0.split(separator: "/").joined(separator: "-"))" }
      let agents = SoakAgents(town: town, sessions: sessions)
      try await agents.calm()
      var soak = Soak(town: town, agents: agents, seed: Self.seed)

      let begin = ContinuousClock.now
      while ContinuousClock.now < begin + duration / 2 {
        try await soak.next(sparesDaemon: false)
        try await soak.ask()
      }
      // The second half is of one life of the daemon and of the tmux server: what grows, grows there.
      try await agents.calm(but: soak.stopped)
      let daemon = try await town.mainPID()
      let server = try await town.mainPID(of: "gastown-tmux.service")
      var samples: [Sample] = []
      while ContinuousClock.now < begin + duration {
        try await soak.next(sparesDaemon: true)
        try await soak.ask()
        if try await town.mainPID() == daemon, let own = Footprint.read(daemon, root: town.systemd.root),
          let tmux = Footprint.read(server, root: town.systemd.root)
        {
          samples.append(Sample(daemon: own, tmux: tmux))
        }
      }
      try await soak.finish()
      #expect(try await town.mainPID() == daemon)
      #expect(try await town.mainPID(of: "gastown-tmux.service") == server)
      try await check(soak)
      try await tell(soak, samples: samples)
      check(samples)
    }
  }

  /// The promises, by what the agents have written, by the process table and by the journal.
  private func check(_ soak: Soak) async throws {
    let agents = soak.agents
    let journal = TownUser.unrepeated(try await soak.town.journal())
    let crashes = journal.filter { $0["GT_EVENT"] == "crash_detected" }.compactMap(Self.run)
    var recorded: Set<SoakAgents.Run> = []
    for entry in journal where entry["GT_EVENT"] != "crash_detected" {
      if let run = Self.run(entry) { recorded.insert(run) }
    }
    for session in agents.sessions {
      let standing = agents.standing(session)
      let alive = standing.starts.filter { agents.isRunning($0.pid) }.map(\.pid)
      // One agent, one session.
      #expect(!standing.hadSecond, "\(session) had two at once")
      #expect(alive.count == 1 && alive.last == standing.starts.last?.pid, "\(session): \(standing.starts) \(alive)")
      for start in standing.starts {
        let run = SoakAgents.Run(session: session, pid: start.pid)
        // What is started by a server in its last moments goes with it, and is started anew.
        if !start.hasBegun, soak.ended.contains(start.server) { continue }
        // A live agent is never ended but by us.
        let isOurs = alive.contains(run.pid) || soak.killed.contains(run) || soak.dismissed.contains(run)
        #expect(isOurs, "\(run) was ended, \(start)")
        // Nobody is started without a word.
        let isRecorded = recorded.contains(run)
        #expect(isRecorded, "\(run) is not in the journal, \(start)")
      }
    }
    #expect(try await livingAgents(soak.town) == agents.sessions.sorted())
    // No death is silent, and each is told once.
    #expect(Set(crashes).count == crashes.count)
    #expect(Set(crashes) == soak.killed.subtracting(soak.dismissed))
    // A request is carried out once.
    let executed = Dictionary(
      grouping: journal.filter { $0["GT_EVENT"] == "lifecycle_executed" }.compactMap { $0["GT_SESSION"] }, by: { $0 })
    #expect(executed.mapValues(\.count) == soak.requests)
    let refused = journal.filter { $0["GT_EVENT"] == "lifecycle_refused" }
    #expect(refused.count == soak.hostileRequests, "\(refused)")
    // No text of a town is run.
    #expect(!soak.town.exists("pwned"))
    // Nothing hangs.
    #expect(soak.slowestAnswer < .seconds(20))
    // No tmux server ends by a fault that we have provoked.
    let servers = try await soak.town.shell("journalctl --user -u gastown-tmux -o cat --no-pager")
    #expect(!servers.contains("SEGV"))
    let words = try await soak.town.shell("journalctl --user -u gastown-daemon -o cat --no-pager")
    #expect(!words.contains("Watchdog timeout"))
    #expect(!words.contains("begun anew"))
  }

  /// The sessions of all agents of the process table.
  private func livingAgents(_ town: TownUser) async throws -> [String] {
    try await town.shell(
      """
      for p in $(pgrep -u "$USER" -f '^/bin/bash [^ ]*/bin/agent$'); do
        tr '\\0' '\\n' </proc/$p/environ | sed -n 's/^GT_SESSION=//p'
      done
      """
    ).split(separator: "\n").map(String.init).sorted()
  }

  private static func run(_ entry: [String: String]) -> SoakAgents.Run? {
    guard let session = entry["GT_SESSION"], let pid = entry["GT_PID"].flatMap({ Int32($0) }) else { return nil }
    return SoakAgents.Run(session: session, pid: pid)
  }

  /// The last third against the first.
  private func check(_ samples: [Sample]) {
    guard samples.count >= 9 else { return }
    let third = samples.count / 3
    for (name, part) in [("the daemon", \Sample.daemon), ("tmux", \Sample.tmux)] {
      let first = Footprint.median(samples.prefix(third).map { $0[keyPath: part] })
      let last = Footprint.median(samples.suffix(third).map { $0[keyPath: part] })
      #expect(last.descriptors <= first.descriptors + 4, "\(name): \(first), then \(last)")
      #expect(last.threads <= first.threads + 2, "\(name): \(first), then \(last)")
      // tmux keeps what its panes have shown, up to its history-limit.
      guard name != "tmux" else { continue }
      #expect(last.anonymous <= first.anonymous + first.anonymous / 5 + 2_048, "\(name): \(first), then \(last)")
    }
  }

  private func tell(_ soak: Soak, samples: [Sample]) async throws {
    let tally = soak.tally.sorted { $0.key < $1.key }.map { "\($0.key) \($0.value)" }.joined(separator: ", ")
    print("soak: \(tally)")
    print("soak: \(soak.killed.count) deaths, \(soak.dismissed.count) dismissed, slowest answer \(soak.slowestAnswer)")
    let third = samples.count / 3
    for (name, part) in [("daemon", \Sample.daemon), ("tmux", \Sample.tmux)] {
      print(
        "soak: \(name), first third of the second half: \(Footprint.median(samples.prefix(third).map { $0[keyPath: part] }))"
      )
      print("soak: \(name), last third: \(Footprint.median(samples.suffix(third).map { $0[keyPath: part] }))")
    }
    let kept = try await soak.town.shell("du -sk gt/daemon | cut -f1; ls gt/daemon/crashes | wc -l")
    print("soak: KiB below daemon/, capsules: \(kept.split(separator: "\n").joined(separator: ", "))")
  }
}
