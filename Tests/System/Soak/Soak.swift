// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

/// What is done to a town in a soak, and the account of it.
struct Soak {
  let town: TownUser
  let agents: SoakAgents
  var random: SplitMix

  /// The runs that were taken away.
  private(set) var killed: Set<SoakAgents.Run> = []
  /// Those that ended by a person's will, or on their own request: no crashes.
  private(set) var dismissed: Set<SoakAgents.Run> = []
  /// tmux servers that were ended.
  private(set) var ended: Set<Int32> = []
  private(set) var requests: [String: Int] = [:]
  private(set) var hostileRequests = 0
  private(set) var tally: [String: Int] = [:]
  /// Whom a person has stopped.
  private(set) var stopped: Set<String> = []
  private(set) var slowestAnswer: Duration = .zero

  /// What can happen. The last ones are of the first half only: they end the daemon, or the agents' tmux server.
  enum Mischief: String, CaseIterable {
    case death, ending, burst, cycle, hostile, person, registry
    case kill, restart, stop, serverEnd
  }

  init(town: TownUser, agents: SoakAgents, seed: UInt64) {
    self.town = town
    self.agents = agents
    random = SplitMix(seed: seed)
  }

  /// - Parameter sparesDaemon: whether the daemon and the tmux server are left as they are.
  mutating func next(sparesDaemon: Bool) async throws {
    // So that not everything happens at once.
    try await Task.sleep(for: .milliseconds(Int.random(in: 50...1_200, using: &random)))
    let chances: [(Mischief, Int)] = [
      (.death, 48), (.ending, 8), (.burst, 6), (.cycle, 5), (.hostile, 2), (.person, 4), (.registry, 2),
      (.kill, 8), (.restart, 8), (.stop, 4), (.serverEnd, 2),
    ]
    let possible = sparesDaemon ? Array(chances.prefix(7)) : chances
    var drawn = Int.random(in: 0..<possible.reduce(0) { $0 + $1.1 }, using: &random)
    for (mischief, chance) in possible {
      drawn -= chance
      if drawn < 0 { return try await perform(mischief) }
    }
  }

  private mutating func perform(_ mischief: Mischief) async throws {
    tally[mischief.rawValue, default: 0] += 1
    switch mischief {
    case .death: try await kill(1)
    case .burst: try await kill(20)
    case .ending: try await end()
    case .cycle: try await cycle()
    case .hostile: try await sendHostile()
    case .person: try await stopOrStart()
    case .registry: try await cutRegistry()
    case .kill:
      let main = try await eventually("a daemon") { try await town.mainPID() > 0 ? try await town.mainPID() : nil }
      try await town.kill(main)
      try await kill(2)
    case .restart:
      try await town.systemctl("restart", "gastown-daemon")
    case .stop:
      try await town.gt("daemon", "stop")
      try await kill(3)
      try await town.systemctl("start", "gastown-daemon")
    case .serverEnd:
      // Who is just being started would be nobody's death.
      killed.formUnion(try await agents.calm(but: stopped))
      ended.insert(try await town.mainPID(of: "gastown-tmux.service"))
      try await town.shell("tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock kill-server")
    }
  }

  private mutating func victims(_ count: Int) -> [SoakAgents.Run] {
    agents.sessions.filter { !stopped.contains($0) }.shuffled(using: &random).prefix(count).compactMap(agents.atWork)
      .filter { !killed.contains($0) && !dismissed.contains($0) }
  }

  private mutating func kill(_ count: Int) async throws {
    let runs = victims(count)
    guard !runs.isEmpty else { return }
    let signal = [1, 6, 9, 9, 9, 11, 15].randomElement(using: &random) ?? 9
    killed.formUnion(runs)
    // One may have ended meanwhile.
    try await town.run("bash", "-c", "kill -\(signal) \(runs.map { "\($0.pid)" }.joined(separator: " "))")
  }

  /// One that goes of itself, with its work undone.
  private mutating func end() async throws {
    guard let run = victims(1).first else { return }
    let status = Int.random(in: 1...99, using: &random)
    try await town.shell(
      "tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock send-keys -t \"=$1:\" \"$2\" Enter", run.session, "exit \(status)")
    killed.insert(run)
  }

  /// A polecat that asks for a fresh start.
  private mutating func cycle() async throws {
    guard let run = victims(20).first(where: { $0.session.hasPrefix("gt-rig") && !$0.session.hasSuffix("witness") })
    else { return }
    try await town.ask("cycle", of: address(run.session))
    requests[run.session, default: 0] += 1
    dismissed.insert(run)
    try await eventually("the cycle of \(run.session)", within: .seconds(90), every: .milliseconds(100)) {
      !agents.isRunning(run.pid) && agents.atWork(run.session) != nil
    }
  }

  private mutating func sendHostile() async throws {
    try await town.send(
      as: "rig1/w1", subject: "LIFECYCLE: $(touch ~/pwned); touch ~/pwned requesting cycle",
      body: #"{"action":"`touch ~/pwned`"}"#)
    hostileRequests += 1
  }

  private mutating func stopOrStart() async throws {
    if let session = stopped.sorted().first {
      try await town.gt("session", "start", address(session))
      stopped.remove(session)
    } else if let run = victims(20).first(where: { $0.session.hasPrefix("gt-rig") && !$0.session.hasSuffix("witness") })
    {
      dismissed.insert(run)
      stopped.insert(run.session)
      try await town.gt("session", "stop", address(run.session))
    }
  }

  /// For a while the registry of rigs cannot be read: nobody may be touched because of it.
  private mutating func cutRegistry() async throws {
    try await town.shell("cp gt/mayor/rigs.json whole; head -c 9 whole >cut; mv cut gt/mayor/rigs.json")
    try await kill(1)
    // A look at it, where the daemon is up; it says that it cannot.
    _ = try await town.tryGT("daemon", "beat")
    try await town.shell("mv whole gt/mayor/rigs.json")
    try await town.beat()
  }

  /// Asks the daemon how it is.
  mutating func ask() async throws {
    let took = try await ContinuousClock().measure { _ = try await town.tryGT("daemon", "status") }
    slowestAnswer = max(slowestAnswer, took)
  }

  /// Everybody back whom a person has stopped.
  mutating func finish() async throws {
    while !stopped.isEmpty { try await stopOrStart() }
    try await agents.calm()
    try await town.beat()
  }

  /// `gt-rig1-w7` is `rig1/w7`.
  private func address(_ session: String) -> String {
    let words = session.split(separator: "-")
    return "\(words[1])/\(words[2])"
  }
}
