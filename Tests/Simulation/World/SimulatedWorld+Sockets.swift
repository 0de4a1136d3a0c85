// SPDX-License-Identifier: Apache-2.0

import Town

// How tmux servers are reached: by sockets, whose files come and go without them, and among which may be another
// user's.
extension SimulatedWorld {
  /// Whether a server is reached by its path.
  func isReachable(_ server: Int) -> Bool { servers[server].hasSocket }

  /// Whether what lives on a server can be seen only by one that looks for the server itself.
  func isWithoutSocket(isOwn: Bool) -> Bool { servers.contains { $0.isOwn == isOwn && !$0.hasSocket } }

  /// Whether nobody can know of a process: a person has started it, its server has lost its socket since, and no daemon
  /// has seen it before.
  func isHidden(_ pid: Int32) -> Bool {
    guard let process = processes[pid],
      let server = servers.first(where: { $0.panes.contains { $0.pid == pid || $0.worker?.pid == pid } }),
      let pane = server.panes.first(where: { $0.pid == pid || $0.worker?.pid == pid })
    else { return false }
    return !server.isOwn && !server.hasSocket && ledger.agents[agents[process.agent].session]?.life?.pid != pane.pid
  }

  /// Whether another server answers at the path of the town's own, which runs on without a socket.
  var isBlocked: Bool {
    guard has(.socketIsTaken), let own = ownServer else { return false }
    return !servers[own].hasSocket
  }

  /// A cleaner removes the file of a socket. The server, and who lives in it, know nothing of that.
  mutating func removeSocket(isOwn: Bool) {
    guard let server = servers.firstIndex(where: { $0.isOwn == isOwn }) else { return }
    servers[server].hasSocket = false
    note("tmux server \(servers[server].identity.pid) has no socket any more")
  }

  /// Has a server make its socket anew, as a daemon does before it takes it for gone.
  mutating func mendSocket(_ server: Int) {
    guard !servers[server].hasSocket, plant != .removedSocketIsAbsence, !(servers[server].isOwn && isBlocked) else {
      return
    }
    servers[server].hasSocket = true
    inspector.counts["socket made anew", default: 0] += 1
    note("tmux server \(servers[server].identity.pid) makes its socket anew")
  }

  /// The servers of which a look of a daemon has answers. A server of others is looked for only where it is known that
  /// an agent has lived in it.
  mutating func ask(lives: KnownLives) -> [SimulatedServer] {
    let known = lives.servers(boot: boot)
    for server in servers.indices where servers[server].isOwn || known.contains(servers[server].identity) {
      mendSocket(server)
    }
    let asked = servers.indices.filter {
      isReachable($0) && !has(servers[$0].isOwn ? .tmuxIsSilent : .otherTmuxIsSilent)
    }
    return asked.map { servers[$0] } + (plant == .strangersAreAsked ? strangers : [])
  }

  /// Another user's server has a session of an agent's name; it says of it what it likes.
  mutating func addStranger(_ number: Int, isMarked: Bool, seconds: Int) {
    var server = SimulatedServer(
      identity: ServerIdentity(pid: nextPID(), startedAt: (zero + clock) / 1_000), isOwn: false, name: "stranger")
    lastServer += 1
    server.panes = [
      SimulatedPane(
        id: "%\(lastServer)", agent: number, session: agents[number].session, pid: nextPID(), startTime: ticks,
        isMarked: isMarked, sessionCreated: (zero + clock) / 1_000)
    ]
    strangers.append(server)
    agenda.enter(.endStranger(server.identity.pid), at: clock + Int64(seconds) * 1_000)
    note("another user's tmux server \(server.identity.pid) has a session \(agents[number].session)")
  }

  mutating func endStranger(_ pid: Int32) { strangers.removeAll { $0.identity.pid == pid } }
}
