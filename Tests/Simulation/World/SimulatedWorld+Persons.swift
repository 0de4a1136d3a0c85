// SPDX-License-Identifier: Apache-2.0

import Town

// Panes of people in the sessions of agents. Anybody can set a pane option, so they may bear the mark of an agent's.
extension SimulatedWorld {
  /// A person splits a pane off beside an agent's, and something puts the agent's mark on it.
  mutating func forgeMark(_ number: Int, isShell: Bool, isAdopted: Bool, seconds: Int) {
    let session = agents[number].session
    guard
      let server = servers.indices.first(where: { server in
        isReachable(server) && servers[server].panes.contains { $0.session == session && !$0.isPersons }
      }), let beside = servers[server].panes.first(where: { $0.session == session && !$0.isPersons })
    else { return }
    let pid = nextPID()
    processes[pid] = SimulatedProcess(
      pid: pid, startTime: ticks, agent: number, isShell: true, isElsewhere: !servers[server].isOwn, byDaemon: false,
      bornAt: clock, promptAt: clock, isAwaited: false)
    processes[pid]?.isPersons = true
    lastServer += 1
    var pane = SimulatedPane(
      id: "%\(lastServer)", agent: number, session: session, pid: pid, startTime: ticks, isMarked: true,
      sessionCreated: beside.sessionCreated)
    pane.isShell = isShell
    pane.isAdopted = isAdopted
    pane.isPersons = true
    pane.workerBornAt = clock
    servers[server].panes.append(pane)
    agenda.enter(.end(pid: pid, .exited(status: 0)), at: clock + Int64(seconds) * 1_000)
    note("a person's pane \(pane.id) beside \(session) (pid \(pid)) bears its mark")
  }

  /// A person's pane with a forged mark that is in an agent's session.
  func forgedPane(of number: Int) -> (pane: SimulatedPane, server: Int)? {
    for server in servers.indices {
      if let pane = servers[server].panes.first(where: { $0.agent == number && $0.isPersons }) {
        return (pane, server)
      }
    }
    return nil
  }

  /// Whether a person's pane is in the way of the next one: nothing is left in the session that the ledger knows as a pane
  /// in which the agent has lived.
  func isInTheWay(of number: Int) -> Bool {
    guard let (pane, server) = forgedPane(of: number) else { return false }
    let identity = servers[server].identity
    let last = ledger.knownLives[pane.session]
    let graves = ledger.agents[pane.session]?.graves ?? []
    return !servers[server].panes.contains { other in
      other.session == pane.session && !other.isPersons
        && (other.id == last?.pane && identity == last?.server
          || graves.contains {
            $0.server == identity && $0.pane == other.id && ($0.pid != other.pid || !other.isRunning)
          })
    }
  }

  /// A daemon is about to do something to a pane as to the agent's.
  mutating func inspectPane(_ pane: SimulatedPane, _ what: String) {
    guard pane.isPersons else { return }
    violate(.marksProveNothing, "a person's pane in \(pane.session) (pid \(pane.pid)) \(what)")
  }
}
