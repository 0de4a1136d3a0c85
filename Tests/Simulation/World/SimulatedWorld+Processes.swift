// SPDX-License-Identifier: Apache-2.0

import Town

// Processes and the tmux servers in whose panes they live.
extension SimulatedWorld {
  var ownServer: Int? { servers.firstIndex(where: \.isOwn) }

  @discardableResult
  mutating func startOwnServer() -> Int { startServer(isOwn: true) }

  mutating func startServer(isOwn: Bool) -> Int {
    if let found = servers.firstIndex(where: { $0.isOwn == isOwn }) { return found }
    let identity = ServerIdentity(pid: nextPID(), startedAt: (zero + clock) / 1_000)
    servers.append(SimulatedServer(identity: identity, isOwn: isOwn, name: isOwn ? "gastown" : "default"))
    note("tmux server \(identity.pid) starts, \(isOwn ? "the town's own" : "a person's")")
    return servers.count - 1
  }

  /// Makes a pane for an agent and lets it live there. The session must not be there yet.
  mutating func bringUp(
    _ agent: Int, on server: Int, isMarked: Bool, byDaemon: Bool, inShell: Bool = false,
    mark: String? = nil
  ) {
    let shell: (Int32, UInt64)? = inShell ? (nextPID(), ticks) : nil
    let pid = process(of: agent, isElsewhere: !servers[server].isOwn, byDaemon: byDaemon, mark: mark)
    lastServer += 1
    var pane = SimulatedPane(
      id: "%\(lastServer)", agent: agent, session: agents[agent].session, pid: shell?.0 ?? pid,
      startTime: shell?.1 ?? ticks, isMarked: isMarked, sessionCreated: (zero + clock) / 1_000)
    if let shell {
      pane.isShell = true
      pane.worker = Worker(pid: pid, startTime: ticks)
      pane.workerBornAt = clock
      processes[shell.0] = SimulatedProcess(
        pid: shell.0, startTime: shell.1, agent: agent, isShell: true, isElsewhere: !servers[server].isOwn,
        byDaemon: false, bornAt: clock, promptAt: clock, isAwaited: false)
    }
    servers[server].panes.append(pane)
  }

  /// Lets an agent live in a pane that is there.
  mutating func revive(_ pane: Int, on server: Int, of number: Int, byDaemon: Bool, mark: String? = nil) {
    servers[server].panes[pane].pid = process(
      of: number, isElsewhere: !servers[server].isOwn, byDaemon: byDaemon, mark: mark)
    servers[server].panes[pane].startTime = ticks
    servers[server].panes[pane].isRunning = true
    servers[server].panes[pane].isShell = false
    servers[server].panes[pane].worker = nil
    servers[server].panes[pane].cause = nil
  }

  /// Clock ticks since boot.
  var ticks: UInt64 { UInt64(max(0, clock - bootedAt)) / 10 }

  /// A new process of an agent, with its fate.
  mutating func process(of number: Int, isElsewhere: Bool, byDaemon: Bool, mark: String?) -> Int32 {
    let pid = nextPID()
    let prompt = dice.chance(1) ? 600_000 : dice.span(200...5_000)
    processes[pid] = SimulatedProcess(
      pid: pid, startTime: ticks, agent: number, mark: mark, isShell: false, isElsewhere: isElsewhere,
      byDaemon: byDaemon,
      bornAt: clock, promptAt: clock + prompt, toldAt: byDaemon ? nil : clock, isAwaited: byDaemon)
    agents[number].process = pid
    agents[number].startedAt = clock
    agents[number].downSince = nil
    agents[number].owedWordSince = nil
    agents[number].owedStartSince = nil
    note("\(agents[number].session) lives as pid \(pid)")
    if clock < agents[number].sickUntil {
      let rest = dice.chance(30) ? dice.span(0...15) : dice.span(20...20_000)
      agenda.enter(.end(pid: pid, dice.chance(50) ? .signalled(11) : .exited(status: 1)), at: clock + rest)
    }
    return pid
  }

  /// A process ends; what is left of it depends on whose pane it was in.
  mutating func end(_ pid: Int32, _ cause: ExitCause?) {
    guard let process = processes.removeValue(forKey: pid) else { return }
    note("pid \(pid) of \(agents[process.agent].session) ends: \(cause?.description ?? "unknown")")
    inspector.deaths[pid] = clock
    if agents[process.agent].process == pid { noteDeath(of: process.agent, pid: pid, cause) }
    search: for server in servers.indices {
      for index in servers[server].panes.indices {
        if servers[server].panes[index].worker?.pid == pid {
          servers[server].panes[index].worker = nil
          servers[server].panes[index].workerBornAt = clock
          break search
        }
        guard servers[server].panes[index].pid == pid, servers[server].panes[index].isRunning else { continue }
        let worker = servers[server].panes[index].worker?.pid
        let pane = servers[server].panes[index]
        if pane.isMarked, !pane.isAdopted, !pane.isPersons {
          servers[server].panes[index].isRunning = false
          servers[server].panes[index].worker = nil
          servers[server].panes[index].cause = dice.chance(4) ? nil : cause
        } else {
          servers[server].panes.remove(at: index)
          if servers[server].panes.isEmpty, !servers[server].isOwn { endServer(server) }
        }
        // It loses its terminal.
        if let worker { end(worker, .signalled(1)) }
        break search
      }
    }
    for wait in watchers.removeValue(forKey: pid) ?? [] { agenda.enter(.wake(wait), at: clock + dice.span(0...2)) }
  }

  /// Of those whom no rule restarts, the end is to be told, where the daemon has known them to live.
  private mutating func noteDeath(of number: Int, pid: Int32, _ cause: ExitCause?) {
    // Where two were started in one moment, on two servers, the other lives on.
    agents[number].process = processes.values.filter { $0.agent == number && !$0.isShell }.map(\.pid).min()
    guard agents[number].process == nil else { return }
    let agent = agents[number]
    switch agent.identity.role {
    case .deacon, .witness, .polecat: return
    case .mayor, .refinery, .crew: break
    }
    guard cause?.isCrash ?? true, agent.hold == nil, let record = ledger.agents[agent.session],
      let life = record.life, life.boot == boot, record.lifecycle == nil, !inspector.ending.contains(pid)
    else { return }
    // The life that the daemon knows may be an earlier one: of a short one after it nobody can know.
    let shell = servers.lazy.flatMap(\.panes).first { $0.worker?.pid == pid }?.pid
    guard life.pid == pid || life.pid == shell || clock - agent.startedAt > 2 * 3_600_000 else { return }
    agents[number].owedWordSince = clock
  }

  mutating func endServer(_ number: Int) {
    let server = servers.remove(at: number)
    note("tmux server \(server.identity.pid) ends")
    for pane in server.panes {
      if let worker = pane.worker { end(worker.pid, .signalled(1)) }
      if pane.isRunning { end(pane.pid, .signalled(1)) }
    }
    for wait in watchers.removeValue(forKey: server.identity.pid) ?? [] { agenda.enter(.wake(wait), at: clock) }
  }

  /// Takes a session away, with everybody in it.
  mutating func removeSession(_ session: String, on number: Int) {
    let panes = servers[number].panes.filter { $0.session == session }
    servers[number].panes.removeAll { $0.session == session }
    for pane in panes {
      if let worker = pane.worker { end(worker.pid, .signalled(1)) }
      if pane.isRunning { end(pane.pid, .signalled(1)) }
    }
    if servers[number].panes.isEmpty, !servers[number].isOwn { endServer(number) }
  }

  /// Whether that very process runs.
  func runs(_ pid: Int32, _ startTime: UInt64) -> Bool { processes[pid]?.startTime == startTime }

  func server(_ identity: ServerIdentity) -> Int? { servers.firstIndex { $0.identity == identity } }
}
