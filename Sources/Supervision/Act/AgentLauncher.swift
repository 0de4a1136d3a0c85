// SPDX-License-Identifier: Apache-2.0

import Faults
package import Processes
import Systemd
import Tmux
package import Town
package import TownFiles

/// Starts agents: the last looks, the worktree, then one atomic command to tmux.
package struct AgentLauncher: Sendable {
  package let layout: TownLayout
  package let settings: TownSettings
  package let servers: TmuxServers
  package let starter: ServerStarter
  package let refresher: WorktreeRefresher
  package let processes: ProcessTable
  /// Our own environment, on whose `PATH` the agents' commands are found.
  package let environment: [String: String]
  /// Puts agents into control groups of their own; `nil` where there is no user manager.
  private let scopes: ScopeKeeper?
  /// Where the gate is that waits for that.
  private let gate: String?

  package init(
    layout: TownLayout, settings: TownSettings, servers: TmuxServers, starter: ServerStarter,
    refresher: WorktreeRefresher, processes: ProcessTable, environment: [String: String],
    scopes: ScopeKeeper? = nil, gate: String? = AgentGate.path
  ) {
    self.scopes = scopes
    self.gate = gate
    self.layout = layout
    self.settings = settings
    self.servers = servers
    self.starter = starter
    self.refresher = refresher
    self.processes = processes
    self.environment = environment
  }

  /// How old the look may be on which an agent is started.
  private static let lookAge: Duration = .milliseconds(100)

  @concurrent package func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome {
    let begin = ContinuousClock.now
    let agent = order.agent
    let command = AgentArguments(settings.agent(agent.role)).line(resumes: order.resumes)
    guard let program = command.first,
      let executable = ExecutableSearch.find(program, path: environment["PATH"] ?? "")
    else {
      let passed = ExecutableSearch.passedOver(command.first ?? "", path: environment["PATH"] ?? "")
      return .failed(
        "no executable \(quotedForDisplay(command.first ?? "")) on PATH (\(environment["PATH"] ?? "not set"))"
          + (passed.map { "; not run: \($0)" } ?? ""))
    }
    // `env` would take it for a variable.
    guard !executable.contains("=") else { return .failed("the agent's command has a '=' in its path: \(executable)") }
    // First of all: where a person has decided so, nothing else is a failure.
    if let objection = hold(on: agent) { return .declined(objection) }
    var directory = layout.directory(of: agent)
    guard Disk.isDirectory(directory) else { return .failed("its directory \(directory) is missing") }
    var warnings: [String] = []
    do {
      if agent.role == .polecat { (directory, warnings) = try await prepare(agent) }
    } catch {
      return .failed("its worktree is not fit for it: \(error)")
    }
    FaultPoint.launchRefreshed.pass(of: agent.session)
    // A person may have decided otherwise while the worktree was being refreshed.
    if let objection = hold(on: agent) { return .declined(objection) }
    let target: TmuxServer
    do throws(UnknownServer) { target = try server(of: order.place) } catch { return .declined("\(error)") }
    // Another tool may have started it by now. On the server on which it is started tmux refuses a second one; it
    // knows nothing of the others.
    if order.delay > .zero || order.lookAge + (ContinuousClock.now - begin) > AgentLauncher.lookAge,
      let objection = await livesElsewhere(order, than: target)
    {
      return .declined(objection)
    }
    // Where no groups are made, nothing waits for one.
    let gate = scopes?.canAwait == true ? gate : nil
    let process = PaneProcess(
      directory: directory,
      environment: AgentEnvironment.variables(of: agent, layout: layout),
      argv: AgentEnvironment.commandLine(
        [executable] + command.dropFirst(), path: environment["PATH"], mark: order.mark, gate: gate))
    do {
      let (created, client) = try await start(process, for: order)
      FaultPoint.launchCreated.pass(of: agent.session)
      do throws(TmuxError) {
        try PaneOrigin(processes: processes).check(created, at: client)
      } catch {
        return .uncertain("whether it runs is not known: \(error)")
      }
      // Before anything else: the gate waits.
      let cautions = gate == nil ? [] : await confine(agent, created)
      let outcome = await self.outcome(of: created, on: client, warnings: warnings + cautions)
      // A server that was just brought up has been seen by no look yet.
      if case .launched(let life, _) = outcome { servers.noteStart(of: agent.session, on: life.server, at: client) }
      return outcome
    } catch let error as TmuxError where error.code == .otherServer {
      return .declined(error.reason)
    } catch let error as TmuxError where error.code == .duplicateSession {
      return .declined(await occupants(of: agent.session) ?? "tmux says that it is there already: \(error.reason)")
    } catch let error as TmuxError where error.code == .paneIsAlive {
      return .declined("tmux says that it is there already: \(error.reason)")
    } catch let error as TmuxError where error.code == .deadlineExceeded {
      return .uncertain("whether it runs is not known: \(error)")
    } catch let refusal as Declined {
      return .declined(refusal.reason)
    } catch let refusal as UnknownServer {
      return .declined("\(refusal)")
    } catch {
      return .failed("\(error)")
    }
  }

  /// Sees that git in a polecat's directory works on its own worktree, and brings that up to date.
  ///
  /// - Returns: the worktree's directory, and what a person should know.
  /// - Throws: `TownFileError` or ``UnfitWorktree``, where no agent may be put there.
  private func prepare(_ agent: AgentIdentity) async throws -> (directory: String, warnings: [String]) {
    let worktree = PolecatWorktree(agent, in: layout)
    let mended = try worktree.mend()
    let warnings = try await refresher.refresh(worktree.directory)
    return (worktree.directory, (mended.map { [$0] } ?? []) + warnings)
  }

  /// The decision of a person by which an agent is not started; `nil` where there is none.
  private func hold(on agent: AgentIdentity) -> String? {
    switch Holds(layout: layout).hold(on: agent) {
    case .known(nil): nil
    case .known(let hold?): hold.kind == .stop ? hold.summary : "\(hold.summary); \(hold.wayOut(for: agent))"
    case .unknown(let reason): "whether a person holds it is not known: \(reason)"
    }
  }

  /// The server on which the place is.
  private func server(of place: LaunchOrder.Place) throws(UnknownServer) -> TmuxServer {
    let identity: ServerIdentity
    switch place {
    case .newSession: return servers.own.server
    case .deadPane(let server, _): identity = server
    case .bareShell(let life): identity = life.server
    }
    guard let client = servers.client(of: identity) else { throw UnknownServer(identity: identity) }
    return client.server
  }

  /// Why the agent is taken to live on another tmux server than the one on which it is to be started, the town's own
  /// among them; `nil` where it does not.
  private func livesElsewhere(_ order: LaunchOrder, than server: TmuxServer) async -> String? {
    let agent = order.agent
    let misses = ProcessTable.misses
    let reader = PaneReader(layout: layout, processes: processes)
    let roster = Roster(rigs: agent.rig.map { [$0] } ?? [])
    @Sendable func panes(on client: TmuxClient, isOwn: Bool) async throws -> [PaneSighting] {
      try await reader.read(client, isOwn: isOwn, roster: roster).panes.filter { $0.session == agent.session }
    }
    let others = await servers.askOthers(but: server) { client in try await panes(on: client, isOwn: false) }
    let unknown = "whether it lives on another tmux server by now is not known"
    // Those that answer nothing are judged by what they have shown.
    var answers = others.answers.map(\.answer).filter { if case .success = $0 { true } else { false } }
    for silent in others.silent {
      let may = servers.mayBeOn(silent, agents: [agent], layout: layout, lives: [:], answered: [])
      if may.contains(agent.session) { return "\(unknown): \(silent.reason)" }
    }
    if servers.own.server != server {
      do {
        if let standstill = servers.ownStandstill() { return "\(unknown): \(standstill)" }
        let own = try await panes(on: servers.own, isOwn: true)
        answers.append(.success(own))
      } catch {
        answers.append(.failure(error))
      }
    }
    for answer in answers {
      do {
        let panes = try answer.get()
        let liveness = Liveness.judge(
          panes, boot: processes.bootID() ?? "unknown", town: layout.mark, unreadable: nil,
          graves: order.graves)
        switch liveness {
        case .alive(let life, let place):
          return "it lives on the tmux server \(displayable(place.serverName)) by now (pid \(life.pid))"
        case .unknown(let reason): return "\(unknown): \(reason)"
        case .dead, .deadShell, .absent: break
        }
      } catch {
        return "\(unknown): \(error)"
      }
    }
    if let failure = others.failures.first {
      return "\(unknown): \(failure)"
    }
    if ProcessTable.misses != misses {
      return "\(unknown): \(PaneReader.Unseen())"
    }
    return nil
  }

  /// The programs that are not there, by the roles whose agents run them.
  package func missingCommands() -> [AgentIdentity.Role: String] {
    settings.agents.compactMapValues { agent in
      guard let program = agent.command.first else { return nil }
      return ExecutableSearch.find(program, path: environment["PATH"] ?? "") == nil ? program : nil
    }
  }

  /// The world has moved on since the order was given.
  private struct Declined: Error { var reason: String }

  /// Where the agent's pane is still there it takes the new process, on whichever server: in one call that
  /// also marks it, and that fails where the pane has come alive.
  private func start(_ process: PaneProcess, for order: LaunchOrder) async throws -> (CreatedPane, TmuxClient) {
    let mark = PaneMark(layout.mark)
    do {
      switch order.place {
      case .newSession:
        let pane = try await newSession(process, agent: order.agent)
        return (pane, servers.own)
      case .deadPane(let server, let id):
        guard let client = servers.client(of: server) else { throw UnknownServer(identity: server) }
        guard let pane = PaneID(id) else { throw Declined(reason: "\(displayable(id)) is no pane") }
        let respawned = try await client.respawn(pane, process, mark: mark, on: server.pid)
        return (respawned, client)
      case .bareShell(let life):
        guard let client = servers.client(of: life.server) else { throw UnknownServer(identity: life.server) }
        let misses = ProcessTable.misses
        guard let pane = PaneID(life.pane), let seen = try await client.panes().panes.first(where: { $0.id == pane }),
          seen.pid == life.pid, seen.attachedClients == 0, !seen.isDead,
          processes.isRunning(ProcessIdentity(pid: life.pid, startTime: life.startTime)),
          !processes.children(of: life.pid).contains(where: \.isAlive), ProcessTable.misses == misses
        else { throw Declined(reason: "the shell in its pane is not what it was") }
        let replaced = try await client.replaceLiveProcess(of: pane, with: process, mark: mark)
        return (replaced, client)
      }
    } catch let error as TmuxError where error.code == .noServer || error.code == .noSuchTarget {
      // The server, or the pane, went away between the look and the act.
      let server = try server(of: order.place)
      if server != servers.own.server, let objection = await livesElsewhere(order, than: servers.own.server) {
        throw Declined(reason: objection)
      }
      if error.code == .noServer { try await startServer() }
      let pane = try await newSession(process, agent: order.agent)
      return (pane, servers.own)
    }
  }

  private func newSession(_ process: PaneProcess, agent: AgentIdentity) async throws -> CreatedPane {
    guard let session = SessionName(agent.session), let mark = PaneMark(layout.mark) else {
      throw Declined(reason: "\(agent.session) is no session name")
    }
    let pane = NewPane(session: session, mark: mark, process: process)
    do {
      return try await servers.own.createSession(pane)
    } catch let error as TmuxError where error.code == .noServer {
      try await startServer()
      return try await servers.own.createSession(pane)
    }
  }

  /// What is in a session of the agent's name that no look has taken for the agent's, and the way out.
  private func occupants(of session: String) async -> String? {
    guard let panes = try? await servers.own.panes().panes.filter({ $0.session == session }), let first = panes.first
    else { return nil }
    let what = panes.map { pane in
      let program =
        pane.isDead ? "dead" : "pid \(pane.pid), \(displayable(processes.status(pane.pid)?.name ?? "unknown"))"
      return "pane \(pane.id) (\(program))"
    }
    return
      "it is there already: the session \(session) has \(what.joined(separator: ", ")); where that is not this agent, "
      + "close it, or give the session another name: tmux -S \(servers.own.socketPath) rename-session -t \(first.id) NAME"
  }

  private func startServer() async throws {
    try await starter.start()
    FaultPoint.launchServerStarted.pass()
  }

  /// Puts what was just started into the agent's control group. Returns what a person should know.
  private func confine(_ agent: AgentIdentity, _ created: CreatedPane) async -> [String] {
    // One that has ended already is seen soon enough.
    guard let scopes, let started = processes.identity(of: created.pid) else { return [] }
    let reading = await scopes.confine(
      agent, life: life(of: created, on: created.server, startTime: started.startTime),
      limits: settings.agent(agent.role).limits, limited: AgentLimits())
    guard let failure = reading.failure, processes.isRunning(started) else { return [] }
    return ["outside of a control group of its own, where what it starts may outlive it: \(failure)"]
  }

  /// Sees that the new process is there.
  private func outcome(
    of created: CreatedPane, on client: TmuxClient, warnings: [String]
  ) async -> LaunchRule.Outcome {
    let listing: ServerListing
    do {
      // What cannot be run at all ends within this time. One that runs needs no listing of all panes.
      if let started = processes.identity(of: created.pid) {
        _ = try await ProcessExit.wait(forAll: [started], within: .milliseconds(20))
        if processes.isRunning(started) {
          return .launched(life(of: created, on: created.server, startTime: started.startTime), warnings: warnings)
        }
      }
      listing = try await client.panesKicked(PaneOrigin(processes: processes)) { pane in
        pane.id == created.id && processes.status(created.pid)?.isAlive != true && (pane.endIsUnknown || !pane.isDead)
      }
    } catch {
      return .uncertain("whether it runs is not known: \(error)")
    }
    guard let server = listing.identity else { return .failed("its tmux server went away at once") }
    guard let status = processes.status(created.pid), status.isAlive else {
      let pane = listing.panes.first { $0.id == created.id }
      let words = (try? await client.capture(panes: [PaneCapture(created.id, lines: 20)]))?[created.id] ?? []
      let last = words.last { !$0.allSatisfy(\.isWhitespace) && !$0.hasPrefix("Pane is dead") }
      let cause: ExitCause? =
        pane?.deadStatus.map { .exited(status: Int32($0)) } ?? pane?.deadSignal.map { .signalled(Int32($0)) }
      let grave = AgentRecord.Grave(
        server: ServerIdentity(pid: server.pid, startedAt: Int64(server.startTime)), pane: "\(created.id)",
        pid: created.pid)
      return .ended(
        LaunchRule.Ending(cause: cause, grave: grave, serverName: "\(client.server)", words: last))
    }
    return .launched(life(of: created, on: server, startTime: status.identity.startTime), warnings: warnings)
  }

  private func life(of created: CreatedPane, on server: ServerLife, startTime: UInt64) -> ProcessLife {
    ProcessLife(
      boot: processes.bootID() ?? "unknown",
      server: ServerIdentity(server), pane: created.id.description, pid: created.pid, startTime: startTime)
  }
}
