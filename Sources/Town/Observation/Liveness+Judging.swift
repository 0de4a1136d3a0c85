// SPDX-License-Identifier: Apache-2.0

extension Liveness {
  /// Judges one agent by the panes of the sessions with its name, on all servers.
  ///
  /// A running agent is the process that the ledger has. This town's mark on a pane is only a claim, since any process
  /// of the user can set a pane option: a running pane that has it and is not in the ledger is alive, and becomes the
  /// agent by the rules of adoption, or by an attempt to start it that the ledger has. In a pane that we made the first
  /// process is the agent, even if it now executes another program. In one that others made, adopted or not, a bare
  /// login shell without children is a dead shell, and anything else that runs is alive. Every other pane of such a
  /// session is a person's. Where no pane of a session is known, the one with a mark, else the first that was made is
  /// taken for the agent's. A living agent anywhere outweighs a dead one elsewhere: an agent on another server is never
  /// started twice.
  ///
  /// - Parameters:
  ///   - town: the mark of this town.
  ///   - unreadable: why some server could not be asked: an agent that was not seen may live there.
  ///     What a pane shows that is known to be the agent's is proof enough of a death without it.
  ///   - known: the agent's life as the ledger has it, or the last one, where that was ended.
  ///   - graves: the agent's corpses that the ledger has.
  package static func judge(
    _ panes: [PaneSighting], boot: String, town: String, unreadable: String?, known: ProcessLife? = nil,
    graves: Set<AgentRecord.Grave> = []
  ) -> Liveness {
    let known = known?.boot == boot ? known : nil
    func isKnown(_ pane: PaneSighting) -> Bool {
      if known.map({ pane.shows($0) }) == true { return pane.mark == town || pane.mark == nil }
      // A corpse that bears the mark is nobody who could be ended.
      return pane.mark == town && !pane.isRunning
    }
    let all = panes.sorted { $0.rank(town) < $1.rank(town) }.map { pane in
      // What another tool has started in the agent's own pane is the agent, whatever its environment says.
      var pane = pane
      if known.map(pane.isPane) == true, pane.isStartedHere { pane.belongsHere = true }
      return pane
    }
    let panes = all.filter { $0.contradiction == nil }
    let agents = panes.filter(isKnown)
    let others = panes.filter { pane in
      guard pane.mark == nil || pane.mark == town, pane.otherTown == nil, !isKnown(pane) else { return false }
      // Beside the agent's own pane everything is a person's, whatever it bears. So it is beside an older corpse, where
      // its own pane is seen, or where the ledger has that corpse.
      if known.map(pane.isPane) != true {
        let beside = agents.filter { $0.isInSession(of: pane) }
        let isSeen = known.map { life in agents.contains { $0.isPane(of: life) } } ?? false
        if !beside.isEmpty, isSeen || beside.contains(where: { $0.lies(in: graves) }) { return false }
      }
      return pane.mark == town || !agents.contains { $0.isInSession(of: pane) }
    }

    if let alive = agents.first(where: { $0.isRunning && (!$0.isBareShell || $0.isOfOurMaking(town)) }) {
      return .alive(
        alive.life(boot: boot),
        place: alive.place(town: town, objection: alive.objection, isKnown: true, isVerified: true))
    }
    // A listing that cannot be true says nothing of what else is there.
    if let untruth = all.lazy.compactMap(\.untruth).first { return .unknown(untruth) }
    // Where a pane in which it has lived runs anew and bears our mark, that is the one, whatever bears the mark beside
    // it. Of several it is the last.
    let successors = others.filter {
      $0.isRunning && $0.isOfOurMaking(town) && $0.belongsHere && !$0.isBareShell
        && (known.map($0.isPane) == true || $0.isRisen(from: graves))
    }
    let successor = successors.first { known.map($0.isPane) == true } ?? successors.first
    if let stranger = successor ?? claimant(others, town: town) {
      let rivals = successor == nil ? others : others.filter { !$0.isInSession(of: stranger) || $0 == stranger }
      return .alive(
        stranger.life(boot: boot),
        place: stranger.place(town: town, objection: objection(to: stranger, among: rivals, town: town)))
    }
    // What a daemon has made is no shell of anybody's. Whether a daemon has made this is not known, unless its directory
    // and environment show that it is not the agent's.
    if let shell = others.first(where: { $0.isRunning && $0.isOfOurMaking(town) && $0.belongsHere }) {
      return .unknown(
        """
        a shell that the ledger does not know has the agent's mark (pane \(shell.pane), pid \(shell.pid)); close it \
        if it is not the agent
        """)
    }
    // The pane in which it has lived last tells of its end, and not an older corpse on another server.
    if let last = agents.first(where: { known.map($0.isPane) == true }) ?? agents.first {
      if case .ended(let cause) = last.process { return .dead(last.corpse(cause, town: town)) }
      return .deadShell(last.shell(boot: boot, town: town, isKnown: true))
    }
    if let unreadable { return .unknown(unreadable) }
    if let shell = others.first(where: \.isRunning) {
      return .deadShell(shell.shell(boot: boot, town: town, isKnown: false))
    }
    if let corpse = others.first, case .ended(let cause) = corpse.process {
      return .dead(corpse.corpse(cause, town: town))
    }
    if let foreign = panes.first(where: { $0.isOwnServer || $0.mark == town }) {
      let owner = foreign.otherTown ?? "another town"
      return .unknown("session \(foreign.session) on \(foreign.serverName) belongs to \(owner)")
    }
    return .absent
  }

  /// Of panes that are not in the ledger, the one in which the agent most likely lives.
  private static func claimant(_ panes: [PaneSighting], town: String) -> PaneSighting? {
    let alive = panes.filter { $0.isRunning && !$0.isBareShell }
    return alive.first { $0.mark == town && $0.belongsHere } ?? alive.first {
      $0.isFirstOfSession(among: panes) && $0.belongsHere
    } ?? alive.first(where: \.belongsHere)
      ?? alive.first
  }

  /// Why it is not clear that this pane is the agent's.
  private static func objection(to pane: PaneSighting, among panes: [PaneSighting], town: String) -> String? {
    if let objection = pane.objection { return objection }
    if panes.contains(where: { !$0.isInSession(of: pane) && $0.isRunning && !$0.isBareShell }) {
      return "sessions of its name are on several tmux servers"
    }
    let marked = panes.filter { $0.mark == town && $0.isRunning && $0.isInSession(of: pane) }
    if marked.count == 1, pane.mark == town { return nil }
    if !pane.isFirstOfSession(among: panes) || marked.count > 1 {
      return "its session has several panes, and it is unknown which of them is the agent's"
    }
    return nil
  }
}

extension PaneSighting {
  /// The order in which panes are looked at: ours, then adopted ones, then others, each on our own server
  /// first, and the older before the newer.
  fileprivate func rank(_ town: String) -> (Int, Int, Int32, Int) {
    (isOwnServer ? 0 : 1, mark == town ? (isAdopted ? 1 : 0) : 2, server.pid, number)
  }

  /// Whether a daemon of this town has started the pane's process.
  fileprivate func isOfOurMaking(_ town: String) -> Bool { mark == town && !isAdopted }

  /// Whether this is a corpse that the ledger has.
  fileprivate func lies(in graves: Set<AgentRecord.Grave>) -> Bool {
    !isRunning && graves.contains(AgentRecord.Grave(server: server, pane: pane, pid: pid))
  }

  /// Whether another process runs in the pane of a corpse that the ledger has.
  fileprivate func isRisen(from graves: Set<AgentRecord.Grave>) -> Bool {
    graves.contains { $0.server == server && $0.pane == pane && $0.pid != pid }
  }

  fileprivate func isInSession(of other: PaneSighting) -> Bool { server == other.server && session == other.session }

  fileprivate func isFirstOfSession(among panes: [PaneSighting]) -> Bool {
    !panes.contains { $0.isInSession(of: self) && $0.number < number }
  }

  /// What tmux shows that cannot be.
  fileprivate var untruth: String? {
    contradiction.map {
      "the tmux server \(serverName) shows pid \(pid) in the pane \(pane) of the session \(session), but \($0): something on "
        + "it has redefined a command of tmux, or forges its answers"
    }
  }

  /// Why it cannot be this agent's, by itself.
  fileprivate var objection: String? {
    belongsHere ? nil : "neither its directory nor its environment shows that it is this agent"
  }

  /// - Parameter isVerified: whether more than its mark says that the pane is the agent's.
  fileprivate func place(
    town: String, objection: String? = nil, isKnown: Bool = false, isVerified: Bool = false
  ) -> Liveness.Place {
    let isMarked = mark == town && isVerified
    let rest = isKnown ? nil : age.map { Liveness.settling - $0 }
    return Liveness.Place(
      serverName: serverName, isOwnServer: isOwnServer, isMarked: isMarked, isAdopted: isMarked && isAdopted,
      claimsToBeOurs: !isMarked && isOfOurMaking(town), objection: isMarked ? nil : objection, workers: workers,
      settlesIn: rest.flatMap { $0 > .zero ? $0 : nil }, sessionCreated: sessionCreated)
  }

  fileprivate func corpse(_ cause: ExitCause?, town: String) -> Liveness.Corpse {
    Liveness.Corpse(place: place(town: town, isVerified: true), server: server, pane: pane, pid: pid, cause: cause)
  }

  fileprivate func shell(boot: String, town: String, isKnown: Bool) -> Liveness.Shell {
    Liveness.Shell(
      life: life(boot: boot), place: place(town: town, isKnown: isKnown, isVerified: isKnown), isAttached: attached > 0,
      belongsHere: belongsHere || isKnown)
  }

  fileprivate func life(boot: String) -> ProcessLife {
    let startTime: UInt64 = if case .running(let time) = process { time } else { 0 }
    return ProcessLife(boot: boot, server: server, pane: pane, pid: pid, startTime: startTime)
  }
}
