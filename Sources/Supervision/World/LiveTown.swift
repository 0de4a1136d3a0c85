// SPDX-License-Identifier: Apache-2.0

package import Beads
package import Commands
import Faults
import Glibc
package import Processes
package import Systemd
import Tmux
package import Town
package import TownFiles
package import Trust

/// The real town: real tmux, real processes, real files, and the town's bead store.
package struct LiveTown: TownWorld {
  package let layout: TownLayout
  package let settings: TownSettings
  package let servers: TmuxServers
  package let processes: ProcessTable
  private let store: Result<any BeadStore, BeadStoreError>
  private let observer: TownObserver
  private let launcher: AgentLauncher
  private let ender: AgentEnder
  private let adopter: AgentAdopter
  private let typist: Typist
  private let host: HostReader
  private let announcer: AnnouncementRunner
  let evidence: EvidenceGatherer
  /// The agents' control groups.
  package let scopes: ScopeKeeper
  private let records: TownRecords
  private let startedAt: Timestamp

  /// - Parameters:
  ///   - environment: our own, as it was at the start of the process.
  ///   - store: the town's bead store, or why there is none: then every bead is unknown.
  ///   - units: the town's systemd units: one of them has the tmux server.
  package init(
    layout: TownLayout, settings: TownSettings, store: Result<any BeadStore, BeadStoreError>,
    runner: any CommandRunner, environment: [String: String], processes: ProcessTable = ProcessTable(),
    units: TownUnits = TownUnits()
  ) {
    self.layout = layout
    self.settings = settings
    self.store = store
    self.processes = processes
    let address = TmuxAddress(settings: settings, environment: environment, units: units)
    servers = TmuxServers(
      own: address.server, environment: environment, runner: runner, deadline: settings.deadlines.tmux,
      unitSockets: TownUnits.tmuxSockets(layout: layout, environment: environment), processes: processes)
    observer = TownObserver(layout: layout, servers: servers, processes: processes)
    scopes = ScopeKeeper(
      manager: Self.manager(environment, trust: servers.trust), processes: processes, servers: servers)
    launcher = AgentLauncher(
      layout: layout, settings: settings, servers: servers,
      starter: ServerStarter(
        servers: servers, unit: address.isUnitServer ? units.tmux : nil, runner: runner, environment: environment),
      refresher: WorktreeRefresher(
        runner: runner, environment: ChildEnvironment.scrubbed(environment), deadline: settings.deadlines.git,
        sync: ((try? store.get()) as? BdBeadStore)?.sync),
      processes: processes, environment: environment, scopes: scopes)
    adopter = AgentAdopter(layout: layout, servers: servers, processes: processes)
    ender = AgentEnder(servers: servers, processes: processes, adopter: adopter, scopes: scopes)
    typist = Typist(servers: servers, processes: processes)
    host = HostReader(layout: layout)
    announcer = AnnouncementRunner(argv: settings.notify, town: layout.root, runner: runner)
    evidence = EvidenceGatherer(
      layout: layout, servers: servers, runner: runner, environment: environment, processes: processes,
      deadline: settings.deadlines.tmux)
    records = TownRecords(layout: layout)
    startedAt = LiveTown.wallClock()
  }

  /// The user manager, where its directory is the user's own: another user's is told nothing.
  package static func manager(_ environment: [String: String], trust: PathTrust = PathTrust()) -> UserManager? {
    guard let directory = environment["XDG_RUNTIME_DIR"],
      (try? trust.checkDirectory(directory, isOwn: true)) != nil
    else { return nil }
    return UserManager(runtimeDirectory: directory)
  }

  package static func wallClock() -> Timestamp {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Timestamp(nanoseconds: Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec))
  }

  package func now() -> Timestamp { LiveTown.wallClock() }

  package func uptime() -> Duration {
    var time = timespec()
    clock_gettime(CLOCK_MONOTONIC, &time)
    return .seconds(Int64(time.tv_sec)) + .nanoseconds(Int64(time.tv_nsec))
  }

  @concurrent package func sleep(until due: Duration) async throws {
    try await Task.sleep(for: due - uptime(), clock: .continuous)
  }

  @concurrent package func readBeads(hooks: [String]) async -> BeadReadings {
    switch store {
    case .failure(let error):
      return .blind(error.description)
    case .success(let store):
      do {
        async let work = hooks.isEmpty ? [:] : store.beads(hooks)
        async let inbox = inbox(of: store)
        let listing = try await store.agents()
        let beads = Dictionary(listing.beads.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        var readings = BeadReadings(beads: beads, failures: listing.failures.map(\.reason)) { listing.bead($0) }
        readings.isBlind = !listing.databases.contains { $0.beads.value != nil }
        readings.inbox = await inbox
        if let failure = readings.inbox.failure { readings.failures.append(failure) }
        readings.remarks = listing.remarks
        readings.hooks = try await work.compactMapValues { $0.value ?? nil }
        return readings
      } catch {
        return .blind("\(store.name): \(error)")
      }
    }
  }

  /// What is addressed to the Deacon itself. A copy of another agent's mail is no request.
  private func inbox(of store: any BeadStore) async -> Reading<[Message]> {
    let mailbox = AgentIdentity.deacon.mailbox
    do {
      return .known(try await store.messages(for: mailbox, copies: false).map { Message(MailMessage(bead: $0)) })
    } catch {
      return .unknown("the mail of \(mailbox): \(error)")
    }
  }

  @concurrent package func look(beads: BeadReadings, lives: KnownLives) async -> TownSnapshot {
    var snapshot = await observer.look(beads: beads, lives: lives, at: now())
    snapshot.host = host.read()
    snapshot.missingCommands = launcher.missingCommands()
    return snapshot
  }

  @concurrent package func waitForClockStep() async throws { try await WallClock.waitForStep() }

  @concurrent package func waitForEnd(of server: ServerIdentity) async throws {
    guard let process = processes.identity(of: server.pid) else { return }
    try await ProcessExit.wait(for: process)
  }

  @concurrent package func waitForEnd(of life: ProcessLife) async throws {
    try await ProcessExit.wait(for: ProcessIdentity(pid: life.pid, startTime: life.startTime))
  }

  @concurrent package func readAfresh(_ ids: [String]) async -> [String: Reading<Bead?>] {
    func unknown(_ reason: String) -> [String: Reading<Bead?>] {
      Dictionary(ids.map { ($0, .unknown(reason)) }, uniquingKeysWith: { first, _ in first })
    }
    switch store {
    case .failure(let error): return unknown(error.description)
    case .success(let store):
      do { return try await store.beads(ids) } catch { return unknown("\(store.name): \(error)") }
    }
  }

  @concurrent package func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome { await launcher.launch(order) }

  @concurrent package func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
    await ender.end(agent, liveness: liveness)
  }

  @concurrent package func adopt(_ order: AdoptionRule.Order) async -> AdoptionRule.Outcome {
    await adopter.adopt(order)
  }

  @concurrent package func mark(_ order: MarkOrder) async throws {
    _ = try await store.get().setAgent(order.bead, state: .dead, hook: nil)
  }

  @concurrent package func screens(of lives: [String: ProcessLife]) async -> [String: PaneScreen] {
    await withTaskGroup(of: [String: PaneScreen].self) { group in
      for (server, lives) in Dictionary(grouping: lives, by: \.value.server) {
        let panes = Dictionary(lives.map { ($0.key, $0.value.pane) }, uniquingKeysWith: { first, _ in first })
          .compactMapValues { PaneID($0) }
        guard !panes.isEmpty else { continue }
        group.addTask {
          guard let client = servers.client(of: server), let views = try? await client.views(of: Array(panes.values))
          else { return [:] }
          return panes.compactMapValues { views[$0].map { PaneScreen($0) } }
        }
      }
      return await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    }
  }

  @concurrent package func begin(_ agent: AgentIdentity, life: ProcessLife) async throws {
    try await typist.submit(settings.agent(agent.role).begin, to: life)
  }

  @concurrent package func closeMail(_ id: String) async throws {
    do {
      try await Mail(store: try store.get()).delete(id)
    } catch let error as BeadStoreError where error.code == .notFound {
      // It was taken out for good.
    }
  }

  @concurrent package func clearRequest(_ withdrawals: [Withdrawal], of agent: AgentIdentity) async throws {
    try AgentStateFile(layout: layout).clear(withdrawals, of: agent)
  }

  package func state(of agent: AgentIdentity) -> Reading<[String: JSONValue]?> {
    AgentStateFile(layout: layout).members(of: agent)
  }

  @concurrent package func send(_ notice: Notice) async throws {
    let mail = Mail(store: try store.get())
    var refusals: [String] = []
    for recipient in notice.recipients {
      if let objection = Mail.objection(from: "daemon", to: recipient, subject: notice.subject, body: notice.body) {
        refusals.append("to \(displayable(recipient)): \(objection)")
        continue
      }
      _ = try await mail.send(from: "daemon", to: recipient, subject: notice.subject, body: notice.body)
      FaultPoint.sendOne.pass(of: recipient)
    }
    guard refusals.isEmpty else { throw Undeliverable(refusals.joined(separator: "; ")) }
  }

  package var announces: Bool { !settings.notify.isEmpty }

  @concurrent package func announce(_ announcement: Announcement) async throws {
    try await announcer.run(announcement)
  }

  package func setHold(_ hold: Hold?, on agent: AgentIdentity) throws {
    let holds = Holds(layout: layout)
    if let hold { try holds.set(hold, on: agent) } else { try holds.clear(agent) }
  }

  package func loadLedger(settingAside: Bool) throws -> Ledger {
    try read(layout.ledger, settingAside: settingAside) { try records.ledger() }
  }

  package func loadPendingSpawns(settingAside: Bool) throws -> [PendingSpawn] {
    try read(layout.pendingSpawns, settingAside: settingAside) { try records.pendingSpawns() }
  }

  private func read<Value>(_ path: String, settingAside: Bool, _ read: () throws -> Value) throws -> Value {
    do {
      return try read()
    } catch let error as TownFileError where error.code == .malformed && settingAside {
      let place = try records.setAside(path, at: now())
      throw TownFileError(.malformed, path: path, reason: "\(error.reason); it is kept as \(place)")
    }
  }

  package func save(_ ledger: Ledger) throws { try records.write(ledger) }
  package func save(_ pending: [PendingSpawn]) throws { try records.write(pending) }
  package func lastActivity() -> Timestamp? { records.lastActivity() }

  package func saveHeartbeat(at time: Timestamp, count: Int) throws {
    try records.write(
      DaemonState(running: true, pid: getpid(), startedAt: startedAt, lastHeartbeat: time, heartbeatCount: count))
  }
}
