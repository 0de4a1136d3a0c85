// SPDX-License-Identifier: Apache-2.0

internal import Town

/// The jobs beside the loop. Each is started after its intent was recorded, and ends in an event.
extension Supervisor {
  @discardableResult
  func start(
    _ kind: JobTable.Kind, sessions: Set<String> = [], delay: Duration = .zero,
    _ work: @escaping @Sendable (_ world: any TownWorld, _ job: Int) async -> SupervisorEvent
  ) -> Int {
    let job = jobs.add(kind, sessions: sessions, deadline: world.uptime() + rules.policy.jobLimit + delay)
    let world = self.world
    let task = Task(executorPreference: executor) { [weak self] in
      if delay > .zero { try? await world.sleep(for: delay) }
      if Task.isCancelled { return }
      let event = await work(world, job)
      await self?.post(event)
    }
    jobs.attach(task, to: job)
    return job
  }

  /// Starts a reading of the beads where a beat wants one and none is under way.
  private func readBeadsIfWanted() {
    guard wantsBeat || !beatsToCome.isEmpty, !jobs.isReading else { return }
    wantsBeat = false
    beatsReading = beatsToCome
    beatsToCome = []
    let hooks = beads.hooks.values.filter(\.status.isOver).map(\.id).sorted()
    start(.readBeads) { world, job in .beadsRead(job: job, await world.readBeads(hooks: hooks)) }
  }

  /// Has the beads read again where some of them could not be, soon at first: who ought to run may be among
  /// them, and nothing else may happen in the town.
  func planReading(at uptime: Duration) {
    guard !beads.failures.isEmpty else {
      beadsDue = nil
      beadsPause = TownRules.retry
      return
    }
    beadsDue = uptime + beadsPause
    beadsPause = min(beadsPause * 2, max(rules.policy.heartbeat.active, TownRules.retry))
  }

  /// One fresh read for all the starts of a turn.
  func startConfirmation(_ orders: [LaunchOrder]) {
    let ids = orders.flatMap { $0.agent.beads + ($0.hook.map { [$0] } ?? []) }
    let unique = Array(Set(ids)).sorted()
    // Asked while the beads are read, so that no start waits for the answer.
    let world = self.world
    let isEnding = Task(executorPreference: executor) { await world.isShuttingDown() }
    for order in orders { endQuestions[order.agent.session] = isEnding }
    start(.confirm, sessions: Set(orders.map(\.agent.session))) { world, job in
      .confirmed(job: job, orders, await world.readAfresh(unique))
    }
  }

  func startLaunch(_ order: LaunchOrder) {
    let words = lastWords[order.agent.session]
    let leftovers = leftovers(of: order)
    let protected = leftovers == nil ? [] : protectedProcesses
    let journal = self.journal
    // At logout agents may end before we are told to. One that was to wait has an old answer.
    let former = endQuestions.removeValue(forKey: order.agent.session)
    let question = order.delay > .zero ? nil : former
    let executor = self.executor
    let looked = lastLook?.oldest ?? world.uptime()
    start(.launch, sessions: [order.agent.session], delay: order.delay) { world, job in
      let isEnding = question ?? Task(executorPreference: executor) { await world.isShuttingDown() }
      // The new process takes the pane's last screen away.
      _ = await words?.task.value
      if await isEnding.value {
        return .launched(job: job, order, .declined("everything of this user's is being ended"))
      }
      if let leftovers {
        let outcome = await world.sweep(leftovers.scope, protecting: protected, sparing: leftovers.sparing)
        journal.tell(outcome, of: leftovers.scope, left: order.agent)
      }
      var aged = order
      aged.lookAge = world.uptime() - looked
      return .launched(job: job, order, await world.launch(aged))
    }
  }

  /// Ends an agent that a person has stopped.
  func startEnding(_ command: PersonCommand, _ ticket: CommandTicket, liveness: Liveness) {
    let words = lastWords[command.agent.session]
    let job = start(.end, sessions: [command.agent.session]) { world, job in
      _ = await words?.task.value
      return .ended(job: job, command, await world.end(command.agent, liveness: liveness))
    }
    endTickets[job] = ticket
  }

  func startAdoption(_ order: AdoptionRule.Order) {
    start(.adopt, sessions: [order.agent.session]) { world, job in
      .adopted(job: job, order, await world.adopt(order))
    }
  }

  /// Reads and looks again just before the bead is written.
  func startMark(_ order: MarkOrder) {
    let policy = rules.policy
    let lives = ledger.lives
    start(.mark, sessions: [order.agent.session]) { world, job in
      let bead = await world.readAfresh([order.bead])[order.bead]
      let snapshot = await world.look(beads: .none, lives: lives)
      if let objection = StaleRule.objection(to: order, bead: bead, snapshot: snapshot, policy: policy) {
        return .marked(job: job, order, .declined(objection))
      }
      do {
        try await world.mark(order)
        return .marked(job: job, order, .marked)
      } catch {
        return .marked(job: job, order, .failed("\(error)"))
      }
    }
  }

  func startReadingHooks(_ ids: [String]) {
    start(.readHooks) { world, job in .hooksRead(job: job, ids, await world.readAfresh(ids)) }
  }

  func startNotice(_ notice: Notice) {
    start(.tell, sessions: [notice.repeatKey]) { world, job in
      do {
        try await world.send(notice)
        return .told(job: job, notice, failure: nil)
      } catch {
        return .told(job: job, notice, failure: "\(error)")
      }
    }
  }

  func startAnnouncement(_ announcement: Announcement) {
    start(.announce) { world, job in
      do {
        try await world.announce(announcement)
        return .announced(job: job, announcement, failure: nil)
      } catch {
        return .announced(job: job, announcement, failure: "\(error)")
      }
    }
  }

  func startBeginning(_ beginning: SpawnRule.Beginning) {
    start(.begin, sessions: [beginning.agent.session]) { world, job in
      do {
        try await world.begin(beginning.agent, life: beginning.life)
        return .begun(job: job, beginning, failure: nil)
      } catch {
        return .begun(job: job, beginning, failure: "\(error)")
      }
    }
  }

  /// Answers the beats whose outcome is acted upon and recorded, and begins the next where one waits.
  func settleBeats() {
    if jobs.isQuiet {
      for beat in beatsActing { beat.resume() }
      beatsActing = []
    }
    readBeadsIfWanted()
  }

  /// Sleeps until the heartbeat, or until some decision wants another look.
  func armTimer(nextLook: Timestamp?) {
    timer?.cancel()
    // Looks are wanted by the wall clock, which may be set: none is waited for longer than this.
    let longest = rules.policy.heartbeat.dormant
    let uptime = self.world.uptime()
    // While the beads are read the heartbeat is on its way, and the end of that is an event.
    var pause = jobs.isReading ? longest : (heartbeatDue ?? uptime + longest) - uptime
    if let beadsDue, !jobs.isReading { pause = min(pause, beadsDue - uptime) }
    if let nextLook { pause = min(pause, nextLook - (zero + uptime)) }
    let world = self.world
    let rest = max(pause, .milliseconds(1))
    timer = Task(executorPreference: executor) { [weak self] in
      guard (try? await world.sleep(for: rest)) != nil else { return }
      await self?.post(.timer)
    }
  }
}
