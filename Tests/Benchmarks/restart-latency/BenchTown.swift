// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import FoundationEssentials
import Glibc
import Logging
import Processes
import Supervision
import Tmux
import Town
import TownFiles

/// A town for measuring: its own directory, tmux server and bead store, and agents that say when they began and show
/// a prompt (`bench-agent`).
struct BenchTown: Sendable {
  let root: String
  let layout: TownLayout
  let polecats: [AgentIdentity]
  let world: LiveTown
  let settings: TownSettings
  let arrivals: Arrivals
  /// The agents' program.
  let agent: String

  var arrivalsPath: String { "\(root)/arrivals" }

  static let environment = [
    "PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/", "LANG": "C.UTF-8", "TMUX_TMPDIR": "/nonexistent",
    "GASTOWN_TMUX_TMPDIR": "/nonexistent",
  ]

  init(agents: Int, hasScopes: Bool = false) async throws {
    let root = "/tmp/restart-latency-\(getpid())"
    try Disk.makeDirectory(root)
    self.root = root
    layout = TownLayout(root: "\(root)/town")
    for part in ["mayor", "deacon", "daemon", "rig/witness"] { try Disk.makeDirectory(layout.path(part)) }
    try Disk.writeJSON(JSONValue.object(["type": .string("town")]), to: layout.townFile)
    try RigRegistry(layout: layout).add("rig", git: nil, at: LiveTown.wallClock())
    arrivals = Arrivals(path: "\(root)/arrivals")
    let program = try Self.agentProgram()
    agent = program

    var settings = TownSettings()
    for role in AgentIdentity.Role.allCases { settings.agents[role]?.command = [program, "\(root)/arrivals"] }
    // Agents die again and again here, which is a loop elsewhere, or a mass death, and nobody waits for a pace.
    settings.policy.restart.perMinute = 1_000_000
    settings.policy.restart.loopCount = 1_000_000
    settings.policy.massShare = 2
    settings.policy.restart.initial = .zero
    settings.policy.restart.max = .zero
    settings.policy.restart.stagger = .zero
    settings.deadlines.tmux = .seconds(30)
    self.settings = settings
    let store = SQLiteBeadStore(path: layout.embeddedStore)
    var polecats: [AgentIdentity] = []
    for number in 0..<agents {
      let agent = AgentIdentity.polecat(rig: "rig", name: "p\(number)")
      try Disk.makeDirectory(layout.directory(of: agent))
      _ = try await store.createAgent(agent, state: .working, hook: "gt-work-\(number)")
      polecats.append(agent)
    }
    self.polecats = polecats

    var environment = Self.environment.merging(["GT_TMUX_SOCKET": "\(root)/tmux"]) { $1 }
    if hasScopes {
      let runtime = ProcessInfo.processInfo.environment["XDG_RUNTIME_DIR"]
      guard let runtime, Disk.exists("\(runtime)/systemd/private") else {
        throw Failure(description: "there is no user manager at \(runtime ?? "$XDG_RUNTIME_DIR, which is not set")")
      }
      environment["XDG_RUNTIME_DIR"] = runtime
    }
    let runner = SystemCommandRunner(environment: environment)
    let words = ["-u", "-f", "/dev/null", "-S", "\(root)/tmux", "start-server", ";", "set", "-s", "exit-empty", "off"]
    let started = try await runner.run(
      Command(
        "tmux", words + [";", "set", "-g", "remain-on-exit", "on", ";", "set", "-g", "history-limit", "50000"],
        workingDirectory: "/", deadline: .seconds(10)))
    guard started.succeeded else { throw Failure(description: "tmux did not start: \(started.errors)") }
    world = LiveTown(
      layout: layout, settings: settings, store: .success(store), runner: runner, environment: environment)
  }

  struct Failure: Error, CustomStringConvertible { let description: String }

  /// The agent's program, which is built beside this one.
  private static func agentProgram() throws -> String {
    var buffer = [UInt8](repeating: 0, count: Int(PATH_MAX))
    let length = readlink("/proc/self/exe", &buffer, buffer.count)
    let own = String(decoding: buffer[..<max(length, 0)], as: UTF8.self)
    let path = "\(Disk.parent(of: own))/bench-agent"
    guard Disk.exists(path) else {
      throw Failure(description: "there is no \(path); build it with: swift build -c release --product bench-agent")
    }
    return path
  }

  func supervisor(_ world: any TownWorld) -> Supervisor {
    let logger = Logger(label: "bench") { _ in SwiftLogNoOpLogHandler() }
    return Supervisor(
      world: world, policy: settings.policy, journal: EventJournal(logger: logger, town: layout.root))
  }

  /// Returns when everybody is up and has been told to begin.
  func settle() async throws {
    let end = ContinuousClock.now + .seconds(120)
    while ContinuousClock.now < end {
      let pending = (try? TownRecords(layout: layout).pendingSpawns())?.isEmpty ?? false
      if arrivals.count >= polecats.count + 2, pending { return }
      try await Task.sleep(for: .milliseconds(100))
    }
    throw Failure(description: "only \(arrivals.count) agents came up")
  }

  func serverProcess() async throws -> Int32 {
    guard let identity = try await world.servers.own.panes().identity else { throw Failure(description: "no server") }
    return identity.pid
  }

  /// How often our own threads have been switched away from, together, those that have ended included.
  static func ownSwitches() -> Int {
    var usage = rusage()
    getrusage(RUSAGE_SELF.rawValue, &usage)
    return usage.ru_nvcsw + usage.ru_nivcsw
  }

  /// Our own memory, as the kernel counts it.
  static func ownMemory() -> String {
    let text = (try? Disk.read("/proc/self/status")).map { String(decoding: $0, as: UTF8.self) } ?? ""
    return text.split(separator: "\n").filter { $0.hasPrefix("VmRSS:") || $0.hasPrefix("RssAnon:") }
      .map { $0.split(whereSeparator: \.isWhitespace).joined(separator: " ") }.joined(separator: ", ")
  }

  /// How often the threads of a process have been switched away from, together.
  static func switches(of pid: Int32) -> Int {
    let threads = (try? Disk.names(in: "/proc/\(pid)/task")) ?? []
    return threads.reduce(0) { sum, thread in
      let text =
        (try? Disk.read("/proc/\(pid)/task/\(thread)/status")).map { String(decoding: $0, as: UTF8.self) } ?? ""
      let counts = text.split(separator: "\n").filter { $0.contains("ctxt_switches:") }
      return sum + counts.compactMap { $0.split(separator: "\t").last.flatMap { Int($0) } }.reduce(0, +)
    }
  }

  /// Ends the server, and with it everybody; nothing of the town stays.
  func end() async {
    let tmux = SystemCommandRunner(environment: Self.environment)
    _ = try? await tmux.run(Command("tmux", ["-N", "-S", "\(root)/tmux", "kill-server"], deadline: .seconds(10)))
    _ = try? await tmux.run(Command("rm", ["-rf", root], deadline: .seconds(10)))
  }
}
