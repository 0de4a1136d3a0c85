// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

// Starting and ending agents, in the steps that the real town takes.
extension SimulatedDaemon {
  @concurrent func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome {
    await launch(order, looksAtHolds: true, kills: false)
  }

  /// - Parameters:
  ///   - looksAtHolds: whether a person's decision counts; it does, but for planted faults.
  ///   - kills: whether what lives in the place makes way; never, but for planted faults.
  @concurrent func launch(_ order: LaunchOrder, looksAtHolds: Bool, kills: Bool) async -> LaunchRule.Outcome {
    do {
      let session = order.agent.session
      try await call(.launch, "\(session) \(order.place) (\(order.rule.rawValue))")
      let looked = town.with { $0.noteCheck(of: session, age: order.lookAge) }
      if order.agent.role == .polecat {
        let (isSlow, time) = town.with { ($0.has(.gitIsSlow), $0.dice.span(4...300)) }
        try await town.pause(isSlow ? 10_000 : time, of: number)
      }
      if order.delay > .zero || town.with({ $0.clock }) - looked > 100 {
        // On other servers than the one that is asked to start it tmux refuses nobody.
        let objection = town.with { world in
          world.livesElsewhere(session, thanOnOwn: world.isOnOwnServer(order.place))
        }
        if let objection { return .declined(objection) }
      }
      let objection = town.with { world -> LaunchRule.Outcome? in
        if world.has(.commandIsMissing), order.agent.role == .polecat || order.agent.role == .witness {
          return .failed("no executable 'claude' on PATH")
        }
        if !world.hasDirectory(order.agent) { return .failed("its directory is missing") }
        guard looksAtHolds else { return nil }
        if world.has(.holdsFail) { return .declined("whether a person holds it is not known") }
        if let hold = world.index[session].flatMap({ world.agents[$0].hold }) { return .declined(hold.summary) }
        return nil
      }
      if let objection { return objection }
      if town.with({ $0.has(.startsFail) }) { return .failed("tmux: fork failed: Cannot allocate memory") }
      if town.with({ $0.has(.tmuxIsSilent) }) {
        // It may carry the request out although nobody hears of it.
        if town.with({ $0.dice.chance(50) }) { _ = try await spawn(order, kills: kills) }
        try await town.pause(5_000, of: number)
        return .uncertain("whether it runs is not known: tmux did not answer")
      }
      try await town.pause(
        town.with { $0.has(.tmuxIsSlow) ? $0.dice.span(200...4_500) : $0.dice.span(1...4) }, of: number)
      let started = try await spawn(order, kills: kills)
      guard case .success(let life) = started else {
        if case .failure(let refusal) = started { return .declined(refusal.reason) }
        return .failed("unreachable")
      }
      try await call(.launched, session, takes: 20...20)
      return town.with { world in
        if world.runs(life.pid, life.startTime) { return .launched(life, warnings: []) }
        guard let server = world.server(life.server), world.isReachable(server) else {
          return .failed("its tmux server went away at once")
        }
        let pane = world.servers[server].panes.first { $0.id == life.pane }
        let grave = pane.map { AgentRecord.Grave(server: life.server, pane: $0.id, pid: $0.pid) }
        return .ended(
          LaunchRule.Ending(
            cause: pane?.cause, grave: grave, serverName: world.servers[server].name, words: SimulatedWorld.evilText))
      }
    } catch {
      return .failed("the daemon is dead")
    }
  }

  private struct Refusal: Error { var reason: String }

  /// tmux's one command: it makes a process where none lives, and refuses where one does.
  private func spawn(_ order: LaunchOrder, kills: Bool) async throws(DaemonDeath) -> Result<ProcessLife, Refusal> {
    try await call(.spawn, order.agent.session)
    return town.with { world in
      guard let agent = world.index[order.agent.session] else { return .failure(Refusal(reason: "a stranger")) }
      switch order.place {
      case .deadPane(let identity, let id):
        guard let server = world.server(identity), world.isReachable(server) else {
          return .failure(Refusal(reason: "another tmux server"))
        }
        if let pane = world.servers[server].panes.firstIndex(where: { $0.id == id }) {
          if world.servers[server].panes[pane].isRunning, !kills {
            return .failure(Refusal(reason: "the pane is alive"))
          }
          return .success(world.respawn(agent, pane: pane, on: server, order: order))
        }
        // It goes to the town's own server instead.
        if !world.servers[server].isOwn, let objection = world.livesElsewhere(order.agent.session, thanOnOwn: true) {
          return .failure(Refusal(reason: objection))
        }
      case .bareShell(let life):
        guard let server = world.server(life.server), world.isReachable(server),
          let pane = world.servers[server].panes.firstIndex(where: { $0.id == life.pane && $0.pid == life.pid }),
          world.runs(life.pid, life.startTime), world.servers[server].panes[pane].worker == nil,
          world.agents[agent].watchedUntil <= world.clock
        else { return .failure(Refusal(reason: "the shell in its pane is not what it was")) }
        world.inspectPane(world.servers[server].panes[pane], "makes room for the agent")
        world.processes[life.pid] = nil
        return .success(world.respawn(agent, pane: pane, on: server, order: order))
      case .newSession: break
      }
      let server = world.startServer(isOwn: true)
      world.mendSocket(server)
      guard world.isReachable(server) else { return .failure(Refusal(reason: "another tmux server has its path")) }
      guard !world.servers[server].panes.contains(where: { $0.session == order.agent.session }) else {
        return .failure(Refusal(reason: "duplicate session"))
      }
      world.inspectStart(of: agent, order, onOwn: true)
      world.bringUp(agent, on: server, isMarked: true, byDaemon: true, mark: order.mark)
      return .success(world.life(of: world.servers[server].panes[world.servers[server].panes.count - 1], on: server))
    }
  }

  @concurrent func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
    do {
      try await call(.terminate, agent.session, takes: 1...3)
      guard let found = town.with({ $0.index[agent.session] }) else { return .failed("a stranger") }
      switch liveness {
      case .unknown(let reason): return .failed(reason)
      case .absent: return .ended("it was not running")
      case .dead(let corpse):
        return try await removeSession(
          of: found, pane: corpse.pane, pid: corpse.pid, on: corpse.server, "it had ended already")
      case .deadShell(let shell) where shell.isAttached: return .failed("a person is looking at the shell that it left")
      case .deadShell(let shell) where !shell.belongsHere: return .failed("its session holds another's shell")
      case .deadShell(let shell): return try await end(shell.life, of: found)
      case .alive(let life, let place):
        if !place.isMarked {
          if let objection = place.objection { return .failed(objection) }
          let outcome = await adopt(AdoptionRule.Order(adopting: agent, life: life, place: place))
          guard outcome == .adopted else { return .failed("it could not be adopted: \(outcome)") }
        }
        return try await end(life, of: found)
      }
    } catch {
      return .failed("the daemon is dead")
    }
  }

  /// Asks first, gives time, then kills; then the session goes.
  private func end(_ life: ProcessLife, of agent: Int) async throws(DaemonDeath) -> EndOutcome {
    let (targets, patience) = town.with { world -> ([Int32], Int64) in
      guard world.runs(life.pid, life.startTime) else { return ([], 0) }
      let worker = world.servers.flatMap(\.panes).first { $0.pid == life.pid && $0.isRunning }?.worker?.pid
      let targets = (worker.map { [$0] } ?? []) + [life.pid]
      for pid in targets { world.inspectKill(pid) }
      let patience = world.dice.chance(80) ? world.dice.span(2...1_500) : 20_000
      for pid in targets { world.agenda.enter(.end(pid: pid, .signalled(15)), at: world.clock + patience) }
      return (targets, patience)
    }
    if !targets.isEmpty {
      try await town.pause(min(patience, 3_000) + 5, of: number)
      if patience > 3_000 {
        try await call(.kill, targets.description)
        town.with { world in for pid in targets { world.end(pid, .signalled(9)) } }
        try await town.pause(5, of: number)
      }
    }
    return try await removeSession(
      of: agent, pane: life.pane, pid: life.pid, on: life.server, "pid \(life.pid) ended when asked")
  }

  private func removeSession(
    of agent: Int, pane: String, pid: Int32, on identity: ServerIdentity, _ how: String
  ) async throws(DaemonDeath) -> EndOutcome {
    try await call(.removeSession, pane, takes: 1...3)
    return town.with { world in
      guard let server = world.server(identity), world.isReachable(server) else { return .ended(how) }
      if world.has(world.servers[server].isOwn ? .tmuxIsSilent : .otherTmuxIsSilent) {
        return .failed("tmux did not answer")
      }
      let session = world.agents[agent].session
      if let found = world.servers[server].panes.first(where: {
        $0.id == pane && $0.pid == pid && $0.session == session
      }) {
        if let pid = found.worker?.pid { world.inspectKill(pid) }
        if found.isRunning { world.inspectKill(found.pid) }
        // Where another pane lives the session stays.
        if !world.servers[server].panes.contains(where: { $0.session == session && $0.id != pane && $0.isRunning }) {
          world.removeSession(session, on: server)
        }
      }
      return .ended(how)
    }
  }

  @concurrent func adopt(_ order: AdoptionRule.Order) async -> AdoptionRule.Outcome {
    do { try await call(.adopt, order.agent.session, takes: 1...5) } catch { return .failed("the daemon is dead") }
    return town.with { world in
      guard let server = world.server(order.life.server), world.isReachable(server) else {
        return .declined("another tmux server")
      }
      if world.has(world.servers[server].isOwn ? .tmuxIsSilent : .otherTmuxIsSilent) {
        return .failed("tmux did not answer")
      }
      guard
        let pane = world.servers[server].panes.firstIndex(where: {
          $0.id == order.life.pane && $0.pid == order.life.pid && $0.isRunning && (!$0.isShell || $0.worker != nil)
        })
      else { return .declined("it does not run there any more") }
      let own = world.servers[server].panes[pane]
      let beside = world.servers[server].panes.filter { $0.session == own.session && $0.id != own.id }
      guard !beside.contains(where: \.isMarked) else { return .declined("another pane is the agent's by now") }
      guard !own.isPersons else { return .declined("it is not this agent any more") }
      if !world.servers[server].panes[pane].isMarked {
        world.servers[server].panes[pane].isMarked = true
        world.servers[server].panes[pane].isAdopted = true
      }
      return .adopted
    }
  }

  @concurrent func begin(_ agent: AgentIdentity, life: ProcessLife) async throws {
    try await call(.type, agent.session, takes: 2...400)
    let isTyped = town.with { world -> Bool in
      if world.has(.typingFails) || world.has(.tmuxIsSilent) { return false }
      return world.type(life, for: agent)
    }
    guard isTyped else { throw SimulatedFailure("what was typed was not submitted") }
    try await call(.typed, agent.session)
  }
}

/// What a failing call says.
struct SimulatedFailure: Error, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}

extension SimulatedWorld {
  /// Who might live elsewhere was just looked at.
  fileprivate mutating func noteCheck(of session: String, age: Duration) -> Int64 {
    let looked = clock - age.wholeMilliseconds
    if let number = index[session] { agents[number].checkedAt = looked }
    return looked
  }

  /// Whether a place is on the town's own server. One that has gone away makes no difference: nothing is started there.
  fileprivate func isOnOwnServer(_ place: LaunchOrder.Place) -> Bool {
    switch place {
    case .newSession: true
    case .deadPane(let identity, _): server(identity).map { servers[$0].isOwn } ?? true
    case .bareShell(let life): server(life.server).map { servers[$0].isOwn } ?? true
    }
  }

  /// Why an agent is taken to live on the other server than the one on which it is to be started.
  fileprivate mutating func livesElsewhere(_ session: String, thanOnOwn isOwn: Bool) -> String? {
    if isOwn
      ? has(.otherTmuxIsSilent) && residents(onOwn: false, lives: [:]).contains(session)
      : has(.tmuxIsSilent)
    {
      return "whether it lives on another tmux server by now is not known"
    }
    // What has no socket answers nobody, and says nothing of who lives there.
    guard let number = index[session], !isWithoutSocket(isOwn: !isOwn) else { return nil }
    _ = noteCheck(of: session, age: .zero)
    let isThere = processes.values.contains { $0.agent == number && !$0.isShell && $0.isElsewhere == isOwn }
    return isThere ? "it lives elsewhere by now" : nil
  }

  func life(of pane: SimulatedPane, on server: Int) -> ProcessLife {
    ProcessLife(
      boot: boot, server: servers[server].identity, pane: pane.id, pid: pane.pid, startTime: pane.startTime)
  }

  /// Starts an agent in the place of what has ended.
  fileprivate mutating func respawn(_ agent: Int, pane: Int, on server: Int, order: LaunchOrder) -> ProcessLife {
    // Only a planted fault comes here with somebody in the pane.
    if servers[server].panes[pane].isRunning, !servers[server].panes[pane].isShell {
      inspectKill(servers[server].panes[pane].pid)
      end(servers[server].panes[pane].pid, .signalled(9))
    }
    inspectStart(of: agent, order, onOwn: servers[server].isOwn)
    revive(pane, on: server, of: agent, byDaemon: true, mark: order.mark)
    servers[server].panes[pane].isMarked = true
    servers[server].panes[pane].isAdopted = false
    return life(of: servers[server].panes[pane], on: server)
  }

  /// Types into exactly the pane of that life.
  fileprivate mutating func type(_ life: ProcessLife, for agent: AgentIdentity) -> Bool {
    guard let server = server(life.server), isReachable(server),
      let pane = servers[server].panes.first(where: { $0.id == life.pane && $0.pid == life.pid && $0.isRunning })
    else { return false }
    inspectPane(pane, "is typed into")
    let pid = pane.worker?.pid ?? pane.pid
    inspectTyping(into: pid, for: agent)
    if processes[pid]?.toldAt ?? 0 <= processes[pid]?.bornAt ?? 0 { processes[pid]?.toldAt = clock + 1 }
    return processes[pid] != nil
  }
}
