// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Glibc
import Processes
import Supervision
import Synchronization
import TestSupport
import Tmux
import Town
import TownFiles

/// A town of one test: its own directory, its own tmux servers, the embedded bead store, and agents
/// that are scripts. All that was started in it ends with it, whoever started it.
struct LiveTownFixture: Sendable {
  let directory: TemporaryDirectory
  let layout: TownLayout
  let environment: [String: String]
  let settings: TownSettings
  let store: SQLiteBeadStore
  let runner: CountingRunner
  let world: LiveTown
  /// Who was launched: what a ledger would know.
  private let lives = Launched()

  private final class Launched: Sendable {
    private let lives = Mutex<[String: ProcessLife]>([:])

    var all: [String: ProcessLife] { lives.withLock { $0 } }
    func note(_ life: ProcessLife, of agent: AgentIdentity) { lives.withLock { $0[agent.session] = life } }
    func forget(_ agent: AgentIdentity) { lives.withLock { $0[agent.session] = nil } }
  }

  static let rig = "rig"
  static let toast = AgentIdentity.polecat(rig: rig, name: "toast")

  /// The variable by which everything that was started in a town is found again.
  private static let variable = "LIVE_TOWN"
  static let system = SystemCommandRunner(environment: TmuxFixture.environment)

  /// An agent that says how it was started, shows a prompt, and logs what it is told.
  private static let agent = #"""
    #!/bin/bash
    out=$LIVE_TOWN/out/$GT_SESSION
    cat /proc/$$/environ >"$out.env.new"; mv "$out.env.new" "$out.env"
    echo $$ >>"$out.starts"
    echo "a stand-in agent"
    while printf '> '; IFS= read -r line; do
      echo "$line" >>"$out.told"
      case $line in "exit "*) exit "${line#exit }" ;; esac
    done
    """#

  /// Where the town's own tmux server is.
  var server: TmuxServer { .path(directory("tmux")) }
  var client: TmuxClient { world.servers.own }
  private var out: String { directory("out") }

  /// - Parameters:
  ///   - name: of the town's directory.
  ///   - command: of all agents; `agent` and what ``script(_:_:)`` makes are on their `PATH`.
  ///   - interceptor: is called with each command before it is run.
  ///   - follower: is called with each command when it has been run.
  static func with<Result>(
    town name: String = "town", command: [String] = ["agent"], deadline: Duration = .seconds(60),
    gitDeadline: Duration = .seconds(60), variables: [String: String] = [:],
    interceptor: (@Sendable (Command) async throws -> Void)? = nil,
    follower: (@Sendable (Command) async throws -> Void)? = nil,
    _ body: (LiveTownFixture) async throws -> Result
  ) async throws -> Result {
    try await TemporaryDirectory.with { directory in
      let fixture = try LiveTownFixture(
        directory, name: name, command: command, deadline: deadline, gitDeadline: gitDeadline, variables: variables,
        interceptor: interceptor, follower: follower)
      let result: Swift.Result<Result, any Error>
      do { result = .success(try await body(fixture)) } catch { result = .failure(error) }
      await fixture.end()
      return try result.get()
    }
  }

  private init(
    _ directory: TemporaryDirectory, name: String, command: [String], deadline: Duration, gitDeadline: Duration,
    variables: [String: String], interceptor: (@Sendable (Command) async throws -> Void)?,
    follower: (@Sendable (Command) async throws -> Void)?
  ) throws {
    self.directory = directory
    layout = TownLayout(root: directory.makeDirectory(name))
    for part in ["mayor", "deacon", "daemon"] { try Disk.makeDirectory(layout.path(part)) }
    try Disk.writeJSON(JSONValue.object(["type": .string("town"), "name": .string("test")]), to: layout.townFile)
    try RigRegistry(layout: layout).add(Self.rig, git: nil, at: LiveTown.wallClock())
    for part in ["bin", "out"] { directory.makeDirectory(part) }
    TestFile.write(Self.agent, to: directory("bin/agent"), mode: 0o755)
    environment = TestEnvironment.closed(in: directory).merging([
      "PATH": "\(directory.path)/bin:/usr/local/bin:/usr/bin:/bin", Self.variable: directory.path,
    ]) { $1 }.merging(variables) { $1 }
    var settings = TownSettings()
    for role in AgentIdentity.Role.allCases { settings.agents[role]?.command = command }
    settings.deadlines.tmux = deadline
    settings.deadlines.git = gitDeadline
    self.settings = settings
    store = SQLiteBeadStore(path: layout.embeddedStore)
    runner = CountingRunner(
      InterceptedRunner(
        runner: SystemCommandRunner(environment: environment), interceptor: interceptor, follower: follower))
    world = Self.world(layout, settings, store, runner, environment)
  }

  private static func world(
    _ layout: TownLayout, _ settings: TownSettings, _ store: SQLiteBeadStore, _ runner: CountingRunner,
    _ environment: [String: String]
  ) -> LiveTown {
    LiveTown(layout: layout, settings: settings, store: .success(store), runner: runner, environment: environment)
  }

  /// The same town as another process sees it.
  func another() -> LiveTown { Self.world(layout, settings, store, runner, environment) }

  // MARK: What is in the town

  /// Makes polecats, working, each with something on its hook.
  @discardableResult
  func addPolecats(_ names: String...) async throws -> [AgentIdentity] { try await addPolecats(names) }

  @discardableResult
  func addPolecats(_ names: [String]) async throws -> [AgentIdentity] {
    var agents: [AgentIdentity] = []
    for name in names {
      let agent = AgentIdentity.polecat(rig: Self.rig, name: name)
      try Disk.makeDirectory(layout.directory(of: agent))
      _ = try await store.createAgent(agent, state: .working, hook: "gt-work-\(name)")
      agents.append(agent)
    }
    return agents
  }

  func script(_ name: String, _ text: String) {
    TestFile.write(text, to: directory("bin/\(name)"), mode: 0o755)
  }

  /// A file that the agent's script has written, once it is there.
  func written(_ suffix: String, by agent: AgentIdentity = toast) async throws -> String {
    // A file is there before its words are.
    try await eventually("\(suffix) of \(agent.address)") {
      TestFile.text("\(out)/\(agent.session).\(suffix)").flatMap { $0.isEmpty ? nil : $0 }
    }
  }

  /// How often the agent's script has been started.
  func starts(of agent: AgentIdentity = toast) -> Int {
    (TestFile.text("\(out)/\(agent.session).starts") ?? "").split(separator: "\n").count
  }

  func has(_ suffix: String, of agent: AgentIdentity = toast) -> Bool {
    TestFile.exists("\(out)/\(agent.session).\(suffix)")
  }

  // MARK: Looking and acting

  func look() async -> TownSnapshot {
    await world.look(beads: await world.readBeads(hooks: []), lives: KnownLives(lives.all))
  }

  func liveness(of agent: AgentIdentity = toast) async throws -> Liveness {
    guard let found = await look().agents.first(where: { $0.agent == agent }) else {
      throw NotInTime(description: "\(agent.address) is not of this town")
    }
    return found.liveness
  }

  func order(_ agent: AgentIdentity = toast, at place: LaunchOrder.Place = .newSession) -> LaunchOrder {
    var order = LaunchOrder(agent: agent, rule: .sessionHealth, isRestart: false, hook: nil, place: place)
    order.mark = world.newMark()
    return order
  }

  /// As where the ledger has the agent's life.
  func know(_ life: ProcessLife, of agent: AgentIdentity) { lives.note(life, of: agent) }

  /// As where the ledger was lost.
  func forgetLife(of agent: AgentIdentity = toast) { lives.forget(agent) }

  /// Launches an agent, which must succeed.
  @discardableResult
  func launch(_ agent: AgentIdentity = toast, at place: LaunchOrder.Place = .newSession) async throws -> ProcessLife {
    let outcome = await world.launch(order(agent, at: place))
    guard case .launched(let life, let warnings) = outcome, warnings.isEmpty else {
      throw NotInTime(description: "\(agent.address) was not launched: \(outcome)")
    }
    lives.note(life, of: agent)
    return life
  }

  /// Kills exactly the process of a life, and returns when it has ended.
  func kill(_ life: ProcessLife, signal: Int32 = 9) async throws {
    try Signals.send(signal, to: life.process)
    try await ProcessExit.wait(for: life.process)
  }

  // MARK: tmux by hand

  /// Starts the town's own server, as ServerStarter does, with more in its environment.
  func startServer(with variables: [String: String] = [:]) async throws {
    try await run(
      ["tmux", "-u", "-f", "/dev/null"] + server.arguments
        + ["start-server", ";", "set", "-s", "exit-empty", "off", ";", "set", "-g", "remain-on-exit", "on"],
      variables: variables)
  }

  /// What a person types. On another server than the town's own that is started where none runs.
  @discardableResult
  func tmux(_ words: String..., on other: TmuxServer? = nil) async throws -> String {
    try await run(
      ["tmux", "-u", "-f", "/dev/null"] + (other ?? server).arguments + TmuxArgument.words(of: [words])
    ).output
  }

  /// Has a person look at an agent's session: a client in a terminal of another tmux server.
  func attach(to agent: AgentIdentity = toast) async throws {
    try await tmux(
      "new-session", "-d", "-s", "person", "env", "-u", "TMUX", "tmux", "-u", "-S", directory("tmux"), "attach", "-t",
      "=\(agent.session)", on: .path(directory("terminal")))
    try await eventually("somebody at \(agent.session)") { try await pane(of: agent)?.attachedClients == 1 }
  }

  func pane(of agent: AgentIdentity = toast) async throws -> Pane? {
    try await client.panes().panes.first { $0.session == agent.session }
  }

  /// Runs a command in the town's environment; it must succeed.
  @discardableResult
  func run(
    _ words: [String], in place: String? = nil, variables: [String: String] = [:]
  ) async throws -> CommandResult {
    let result = try await Self.system.run(
      Command(
        words[0], Array(words.dropFirst()), environment: environment.merging(variables) { $1 },
        workingDirectory: place ?? "/", deadline: .seconds(60)))
    guard result.succeeded else { throw NotInTime(description: "\(words): \(result.errors)\(result.output)") }
    return result
  }

  // MARK: What runs

  /// Everything that was started in this town and runs.
  var processes: [ProcessStatus] {
    let table = ProcessTable()
    return table.all().filter { status in
      status.isAlive && table.environment(of: status.pid)?[Self.variable] == directory.path
    }
  }

  /// The tmux servers among them.
  var tmuxServers: [ProcessStatus] { processes.filter { $0.name == "tmux: server" } }

  private func end() async {
    await Task {
      for _ in 0..<5 {
        let left = processes.map(\.identity)
        if left.isEmpty { return }
        for process in left { _ = try? await ProcessEnder().end(process, grace: .milliseconds(500)) }
      }
    }.value
  }
}

extension ProcessLife {
  var process: ProcessIdentity { ProcessIdentity(pid: pid, startTime: startTime) }
}

extension Liveness {
  var life: ProcessLife? {
    switch self {
    case .alive(let life, _): life
    case .deadShell(let shell): shell.life
    case .dead, .absent, .unknown: nil
    }
  }

  var corpse: Corpse? {
    if case .dead(let corpse) = self { corpse } else { nil }
  }

  var shell: Shell? {
    if case .deadShell(let shell) = self { shell } else { nil }
  }

  var reason: String? {
    if case .unknown(let reason) = self { reason } else { nil }
  }
}

extension LaunchRule.Outcome {
  var life: ProcessLife? {
    if case .launched(let life, _) = self { life } else { nil }
  }

  var warnings: [String]? {
    if case .launched(_, let warnings) = self { warnings } else { nil }
  }

  var declined: String? {
    if case .declined(let reason) = self { reason } else { nil }
  }

  var ended: LaunchRule.Ending? {
    if case .ended(let ending) = self { ending } else { nil }
  }

  var failed: String? {
    if case .failed(let reason) = self { reason } else { nil }
  }

  var uncertain: String? {
    if case .uncertain(let reason) = self { reason } else { nil }
  }
}

/// Lets a test do something just before a command is run, and just after.
struct InterceptedRunner: CommandRunner {
  let runner: any CommandRunner
  let interceptor: (@Sendable (Command) async throws -> Void)?
  var follower: (@Sendable (Command) async throws -> Void)?

  @concurrent func run(_ command: Command) async throws -> CommandResult {
    try await interceptor?(command)
    let result = try await runner.run(command)
    try await follower?(command)
    return result
  }
}

extension ProcessIdentity {
  /// Stops the process by SIGSTOP, and returns when it stands still: the kernel may let it run on for a moment.
  func halt() async throws {
    try Signals.send(SIGSTOP, to: self)
    try await eventually("pid \(pid) is stopped") { ProcessTable().status(pid)?.state == "T" }
  }
}
