// SPDX-License-Identifier: Apache-2.0

import Town

// What befalls the world without any daemon's doing.
extension SimulatedWorld {
  /// Text of the kind that must never be taken for anything but text.
  static let evilText = "$(kill 1); `reboot` \"'\u{1B}[31m\r\n#{pane_id} %s ${IFS}&& \u{202E}x"

  /// Carries out an incident that needs no supervisor; the others are for the simulation.
  mutating func befall(_ incident: Incident) {
    note("incident: \(incident)")
    switch incident {
    case .crash(let number, let signal): endAgent(number, .signalled(signal))
    case .exit(let number, let status): endAgent(number, .exited(status: status))
    case .sickness(let number, let seconds):
      agents[agent(number)].sickUntil = clock + Int64(seconds) * 1_000
      endAgent(number, .signalled(6))
    case .finish(let number): finish(agent(number))
    case .assign(let number, let isSpawning): hook(agent(number), isSpawning: isSpawning)
    case .assignMany(let percent):
      for number in agents.indices where agents[number].process == nil && dice.chance(percent) {
        hook(number, isSpawning: false)
      }
    case .closeWork(let number):
      if let hook = beads[agents[agent(number)].bead]?.hookBead { work[hook]?.status = .closed }
    case .request(let number, let action): request(agent(number), action, isGenuine: true)
    case .forge(let number, let action): request(agent(number), action, isGenuine: false)
    case .announce(let number): announce(agent(number))
    case .hold(let number): hold(agent(number), Hold(kind: .hold, who: "ada", when: wall, why: "maintenance"))
    case .release(let number): hold(agent(number), nil)
    case .startByHand(let number, let isElsewhere, let inShell):
      startByHand(agent(number), isElsewhere: isElsewhere, inShell: inShell)
    case .removeSession(let number):
      for server in servers.indices.reversed() where isReachable(server) {
        removeSession(agents[agent(number)].session, on: server)
      }
    case .forgeMark(let number, let isShell, let isAdopted, let seconds):
      forgeMark(agent(number), isShell: isShell, isAdopted: isAdopted, seconds: seconds)
    case .detach(let number, let isPersons, let seconds):
      detach(agent(number), isPersons: isPersons, seconds: seconds)
    case .removeSocket(let isOwn): removeSocket(isOwn: isOwn)
    case .stranger(let number, let isMarked, let seconds):
      addStranger(agent(number), isMarked: isMarked, seconds: seconds)
    case .attach(let number, let seconds): agents[agent(number)].watchedUntil = clock + Int64(seconds) * 1_000
    case .useTown: lastActivity = zero + clock
    case .killMany(let percent):
      for number in agents.indices where agents[number].process != nil && dice.chance(percent) {
        if let pid = agents[number].process { end(pid, .signalled(9)) }
      }
    case .endServer: if let own = ownServer { endServer(own) }
    case .trouble(let trouble, let seconds):
      troubles[trouble] = clock
      if trouble == .commandIsMissing, missingSince == nil { missingSince = clock }
      agenda.enter(.endTrouble(trouble, since: clock), at: clock + Int64(seconds) * 1_000)
      if trouble == .socketIsTaken { removeSocket(isOwn: true) }
      if !trouble.isNoExcuse { inspector.lastTrouble = clock }
    case .setClock(let seconds): step(by: Int64(seconds) * 1_000)
    case .suspend(let seconds): suspend(Int64(seconds) * 1_000)
    case .reboot: reboot()
    case .killDaemon, .stopDaemon, .command, .askBeat: break
    }
  }

  func agent(_ number: Int) -> Int { number % agents.count }

  private mutating func endAgent(_ number: Int, _ cause: ExitCause) {
    if let pid = agents[agent(number)].process { end(pid, cause) }
  }

  /// Puts new work on an agent's hook.
  mutating func hook(_ number: Int, isSpawning: Bool) {
    guard agents[number].identity.role == .polecat || agents[number].identity.role == .crew else { return }
    lastWork += 1
    // Every third id is one that a shell, or tmux, would take for something else.
    let id = lastWork.isMultiple(of: 3) ? "gt-work-\(lastWork) \(SimulatedWorld.evilText)" : "gt-work-\(lastWork)"
    work[id] = Bead(id: id, title: "work", type: "task", createdAt: wall, updatedAt: wall)
    set(number, hook: id, state: isSpawning ? .spawning : .working)
    // Of one whom the daemon has not seen alive no death is seen either.
    agents[number].needsBeat = agents[number].process == nil || ledger.agents[agents[number].session]?.life == nil
    agents[number].downSince = nil
  }

  private mutating func set(_ number: Int, hook: String?, state: AgentState) {
    guard var bead = beads[agents[number].bead] else { return }
    bead.hookSlot = hook
    bead.stateSlot = state.rawValue
    bead.updatedAt = wall
    beads[bead.id] = bead
    agents[number].changedAt = clock
  }

  private mutating func finish(_ number: Int) {
    guard let hook = beads[agents[number].bead]?.hookBead else { return }
    work[hook]?.status = .closed
    set(number, hook: nil, state: .idle)
    if dice.chance(40), let pid = agents[number].process { end(pid, .exited(status: 0)) }
  }

  private mutating func request(_ number: Int, _ action: LifecycleAction, isGenuine: Bool) {
    let agent = agents[number]
    guard !isGenuine || agent.process != nil else { return }
    lastMail += 1
    let id = "gt-mail-\(lastMail)"
    inbox.append(
      Message(
        id: id, sender: agent.identity.mailbox,
        subject: "LIFECYCLE: \(agent.identity.address) \(SimulatedWorld.evilText)",
        body: action.rawValue, sentAt: wall))
    guard isGenuine else { return }
    stateFiles[agent.session] = [
      action.stateKey: .bool(true), LifecycleRequest.timeKey: .string("\(wall)"), "notes": .string("mine"),
    ]
    agents[number].permits.append(
      Permit(
        mail: id, startsAgain: action.startsAgain, pid: action.startsAgain ? agent.process : nil, sentAt: clock,
        expires: clock + 8 * 3_600_000))
    inspector.requests[id] = Inspector.Request(agent: number, sentAt: clock, action: action)
  }

  private mutating func announce(_ number: Int) {
    lastMail += 1
    let agent = agents[number].identity
    inbox.append(
      Message(
        id: "gt-mail-\(lastMail)", sender: agent.mailbox, subject: "POLECAT_STARTED \(agent.address)",
        body: "Session: \(agent.session)\nIssue: \(SimulatedWorld.evilText)", sentAt: wall))
  }

  mutating func hold(_ number: Int, _ hold: Hold?) {
    agents[number].hold = hold
    agents[number].heldAt = clock
    agents[number].downSince = nil
    agents[number].owedWordSince = nil
    agents[number].owedStartSince = nil
    agents[number].needsBeat = true
  }

  /// A person, or another tool, starts an agent, where tmux allows it.
  private mutating func startByHand(_ number: Int, isElsewhere: Bool, inShell: Bool) {
    let agent = agents[number]
    // What does not answer us answers nobody.
    guard agent.process == nil, !has(isElsewhere ? .otherTmuxIsSilent : .tmuxIsSilent) else { return }
    let server = startServer(isOwn: !isElsewhere)
    guard isReachable(server) else { return }
    if let pane = servers[server].panes.firstIndex(where: { $0.session == agent.session && !$0.isPersons }) {
      // `tmux respawn-pane`, by somebody who was faster.
      if !servers[server].panes[pane].isRunning { revive(pane, on: server, of: number, byDaemon: false) }
      return
    }
    guard !servers[server].panes.contains(where: { $0.session == agent.session }) else { return }
    bringUp(number, on: server, isMarked: false, byDaemon: false, inShell: inShell)
  }

  /// Moves the wall clock. What was written before keeps its time.
  private mutating func step(by span: Int64) {
    noteProgress()
    zero += span
    inspector.lastTrouble = clock
    for wait in clockWatchers { agenda.enter(.wake(wait), at: clock) }
    clockWatchers = []
  }

  private mutating func suspend(_ span: Int64) {
    step(by: span)
    let waits = self.waits
    let clock = self.clock
    agenda.reschedule { item, time in
      guard case .wake(let id) = item, waits[id]?.isSleep == true else { return time }
      return max(clock, time - span)
    }
    inspector.ruleStarts = inspector.ruleStarts.map { $0 - span }
    for number in agents.indices { agents[number].starts = agents[number].starts.map { $0 - span } }
  }

  private mutating func reboot() {
    for server in servers.indices.reversed() { endServer(server) }
    for pid in processes.keys.sorted() { end(pid, .signalled(9)) }
    boots += 1
    strangers = []
    children = [:]
    // A clock that is set meanwhile takes the account of the last minute along.
    inspector.ruleStarts = []
    bootedAt = clock - 5_000
    inspector.lastTrouble = clock
    for number in agents.indices {
      agents[number].downSince = nil
      agents[number].owedWordSince = nil
      agents[number].owedStartSince = nil
    }
    if daemon != nil {
      daemon?.pause = 8_000
      killDaemon("the machine is started anew")
    }
  }
}
