// SPDX-License-Identifier: Apache-2.0

import Town

/// The jobs beside the loop. Each is started after its intent was recorded, and ends in an event.
extension Supervisor {
  /// Begins an effect. What it goes by of this turn is given to it now.
  ///
  /// - Returns: the job's number.
  @discardableResult
  func start(_ effect: Effect, after delay: Duration = .zero, words: LastWords? = nil) -> Int {
    let job = jobs.add(effect, deadline: world.uptime() + rules.policy.jobLimit + delay)
    var circumstances = circumstances(of: effect)
    if let words { circumstances.words = words }
    let performer = Performer(world: world, journal: journal, policy: rules.policy) { [weak self] notice, delivery in
      await self?.post(.told(notice, delivery))
    }
    let task = Task(executorPreference: executor) { [weak self] in
      if delay > .zero { try? await performer.world.sleep(for: delay) }
      if Task.isCancelled { return }
      let outcome = await performer.perform(effect, in: circumstances)
      await self?.post(.finished(job: job, outcome))
    }
    jobs.attach(task, to: job)
    return job
  }

  private func circumstances(of effect: Effect) -> Performer.Circumstances {
    var circumstances = Performer.Circumstances(looked: lastLook?.began ?? world.uptime())
    switch effect {
    case .launch(let order, let remains):
      let former = endQuestions.removeValue(forKey: order.agent.session)
      // One that was to wait has an old answer.
      circumstances.isShuttingDown = order.delay > .zero ? nil : former
      circumstances.words = lastWords[order.agent.session]
      circumstances.protected = remains == nil ? [] : protectedProcesses
    case .end(let command, _, _):
      circumstances.words = lastWords[command.agent.session]
      circumstances.protected = protectedProcesses
    case .endForRequest(let agent, _, _, _): circumstances.words = lastWords[agent.session]
    case .mark:
      circumstances.lives = ledger.knownLives
      circumstances.clockSteps = ledger.clockSteps
    case .confine, .sweep: circumstances.protected = protectedProcesses
    case .readBeads, .readAfresh, .readHooks, .adopt, .claimRequest, .withdraw, .closeMail, .send, .announce, .begin,
      .gather, .limit:
      break
    }
    return circumstances
  }

  /// Starts a reading of the beads where a beat wants one and none is under way.
  private func readBeadsIfWanted() {
    guard beats.isDue, !jobs.isReading else { return }
    beats.beginReading()
    let hooks = beads.hooks.values.filter(\.status.isOver).map(\.id).sorted()
    start(.readBeads(hooks: hooks))
  }

  /// Has the beads read again where some of them could not be, soon at first: who ought to run may be among
  /// them, and nothing else may happen in the town.
  func planReading(at uptime: Duration) {
    if beads.failures.isEmpty {
      beadsRetry.clear()
    } else {
      beadsRetry.plan(at: uptime, longest: rules.policy.heartbeat.active)
    }
  }

  /// One fresh read for all the starts of a turn.
  func startConfirmation(_ orders: [LaunchOrder]) {
    // Asked while the beads are read, so that no start waits for the answer.
    let world = self.world
    let isEnding = Task(executorPreference: executor) { await world.isShuttingDown() }
    for order in orders { endQuestions[order.agent.session] = isEnding }
    start(.readAfresh(orders))
  }

  /// Sends the messages that wait, where none are being sent.
  func startTelling() {
    if !jobs.isTelling, let notices = outbox.next() { start(.send(notices)) }
  }

  /// Answers the beats whose outcome is acted upon and recorded, and begins the next where one waits.
  func settleBeats() {
    if jobs.isQuiet { beats.settle() }
    readBeadsIfWanted()
  }

  /// Sleeps until the heartbeat, or until some decision wants another look.
  func armTimer(nextLook: Timestamp?) {
    timer?.cancel()
    // Looks are wanted by the wall clock, which may be set: none is waited for longer than this.
    let longest = rules.policy.heartbeat.dormant
    let uptime = self.world.uptime()
    // While the beads are read the heartbeat is on its way, and the end of that is an event.
    var pause = jobs.isReading ? longest : (heartbeats.due ?? uptime + longest) - uptime
    if let due = beadsRetry.due, !jobs.isReading { pause = min(pause, due - uptime) }
    if let nextLook { pause = min(pause, nextLook - (bootTime + uptime)) }
    let world = self.world
    let rest = max(pause, .milliseconds(1))
    timer = Task(executorPreference: executor) { [weak self] in
      guard (try? await world.sleep(for: rest)) != nil else { return }
      await self?.post(.timer)
    }
  }
}
