// SPDX-License-Identifier: Apache-2.0

internal import Faults
package import Processes
internal import Tmux
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

  package init(
    layout: TownLayout, settings: TownSettings, servers: TmuxServers, starter: ServerStarter,
    refresher: WorktreeRefresher, processes: ProcessTable, environment: [String: String]
  ) {
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
    let command = settings.agent(agent.role).command + (order.resumes ? settings.agent(agent.role).resume : [])
    guard let program = command.first,
      let executable = ExecutableSearch.find(program, path: environment["PATH"] ?? "")
    else {
      return .failed(
        "no executable \(quotedForDisplay(command.first ?? "")) on PATH (\(environment["PATH"] ?? "not set"))")
    }
    // `env` would take it for a variable.
    guard !executable.contains("=") else { return .failed("the agent's command has a '=' in its path: \(executable)") }
    let directory = layout.directory(of: agent)
    guard Disk.isDirectory(directory) else { return .failed("its directory \(directory) is missing") }
    let warnings = agent.role == .polecat ? await refresher.refresh(directory) : []
    FaultPoint.launchRefreshed.pass(of: agent.session)
    // A person may have decided otherwise while the worktree was being refreshed.
    switch Holds(layout: layout).hold(on: agent) {
    case .known(nil): break
    case .known(let hold?): return .declined(hold.summary)
    case .unknown(let reason): return .declined("whether a person holds it is not known: \(reason)")
    }
    // Somebody else may have started it by now. On the pane's own server tmux refuses a second one; it knows
    // nothing of the others.
    if order.delay > .zero || order.lookAge + (ContinuousClock.now - begin) > AgentLauncher.lookAge,
      let objection = await livesElsewhere(agent)
    {
      return .declined(objection)
    }
    let process = PaneProcess(
      directory: directory,
      environment: AgentEnvironment.variables(of: agent, layout: layout),
      argv: AgentEnvironment.commandLine([executable] + command.dropFirst(), path: environment["PATH"]))
    do {
      let (created, client) = try await start(process, for: order)
      FaultPoint.launchCreated.pass(of: agent.session)
      return await self.outcome(of: created, on: client, warnings: warnings)
    } catch let error as TmuxError where error.code == .paneIsAlive || error.code == .duplicateSession {
      return .declined("tmux says that it is there already: \(error.reason)")
    } catch let error as TmuxError where error.code == .deadlineExceeded {
      return .uncertain("whether it runs is not known: \(error)")
    } catch let refusal as Declined {
      return .declined(refusal.reason)
    } catch {
      return .failed("\(error)")
    }
  }

  /// Why the agent is taken to live on another tmux server than the town's own; `nil` where it does not.
  private func livesElsewhere(_ agent: AgentIdentity) async -> String? {
    let misses = ProcessTable.misses
    let reader = PaneReader(layout: layout, processes: processes)
    let roster = Roster(rigs: agent.rig.map { [$0] } ?? [])
    for client in servers.others() {
      do {
        let panes = try await reader.read(client, isOwn: false, roster: roster).panes.filter {
          $0.session == agent.session
        }
        let liveness = Liveness.judge(
          panes, boot: processes.bootID() ?? "unknown", town: layout.mark, unreadable: nil)
        if case .alive(let life, let place) = liveness {
          return "it lives on the tmux server \(displayable(place.serverName)) by now (pid \(life.pid))"
        }
      } catch {
        return "whether it lives on another tmux server by now is not known: \(error)"
      }
    }
    if ProcessTable.misses != misses {
      return "whether it lives on another tmux server by now is not known: \(PaneReader.Unseen())"
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
        return (try await newSession(process, agent: order.agent), servers.own)
      case .deadPane(let server, let id):
        let client = servers.client(of: server)
        guard let pane = PaneID(id), try await client.identity()?.pid == server.pid else {
          throw Declined(reason: "the tmux server was started anew")
        }
        return (try await client.respawn(pane, process, mark: mark), client)
      case .bareShell(let life):
        let client = servers.client(of: life.server)
        let misses = ProcessTable.misses
        guard let pane = PaneID(life.pane), let seen = try await client.panes().panes.first(where: { $0.id == pane }),
          seen.pid == life.pid, seen.attachedClients == 0, !seen.isDead,
          processes.isRunning(ProcessIdentity(pid: life.pid, startTime: life.startTime)),
          !processes.children(of: life.pid).contains(where: \.isAlive), ProcessTable.misses == misses
        else { throw Declined(reason: "the shell in its pane is not what it was") }
        return (try await client.replaceLiveProcess(of: pane, with: process, mark: mark), client)
      }
    } catch let error as TmuxError where error.code == .noServer || error.code == .noSuchTarget {
      // The server, or the pane, went away between the look and the act.
      if error.code == .noServer { try await startServer() }
      return (try await newSession(process, agent: order.agent), servers.own)
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

  private func startServer() async throws {
    try await starter.start()
    FaultPoint.launchServerStarted.pass()
  }

  /// Sees that the new process is there.
  private func outcome(
    of created: CreatedPane, on client: TmuxClient, warnings: [String]
  ) async -> LaunchRule.Outcome {
    let listing: ServerListing
    do {
      // What cannot be run at all ends within this time. One that runs needs no listing of everybody.
      if let started = processes.identity(of: created.pid) {
        _ = try await ProcessExit.wait(forAll: [started], within: .milliseconds(20))
        if let server = try await client.identity(), processes.isRunning(started) {
          return .launched(life(of: created, on: server, startTime: started.startTime), warnings: warnings)
        }
      }
      listing = try await client.panesKicked { pane in
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
        server: Town.ServerIdentity(pid: server.pid, startedAt: Int64(server.startTime)), pane: "\(created.id)",
        pid: created.pid)
      return .ended(LaunchRule.Ending(cause: cause, grave: grave, words: last))
    }
    return .launched(life(of: created, on: server, startTime: status.identity.startTime), warnings: warnings)
  }

  private func life(of created: CreatedPane, on server: Tmux.ServerIdentity, startTime: UInt64) -> ProcessLife {
    ProcessLife(
      boot: processes.bootID() ?? "unknown",
      server: Town.ServerIdentity(server), pane: created.id.description, pid: created.pid, startTime: startTime)
  }
}
