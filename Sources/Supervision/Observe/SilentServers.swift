// SPDX-License-Identifier: Apache-2.0

import Processes
import Synchronization
package import Tmux
package import Town
package import TownFiles
import Trust

/// A tmux server that was to be asked and has not answered.
package struct SilentServer: Sendable, Hashable {
  package var address: TmuxServer
  /// Why nothing is known of it now.
  package var reason: String
  /// The process that listens; `nil` where the kernel does not say which.
  package var pid: Int32?
}

/// What other tmux servers have shown, and who may live on one that shows nothing. What a server has shown last is good
/// for as long as it answers nothing: so one that never showed an agent keeps none from being started.
extension TmuxServers {
  /// Which of `agents` may live on a server that does not answer: those that it has shown last, those whose life in the
  /// ledger is on it, or on one that has not answered either, and those in whose directory, or with whose `GT_SESSION`,
  /// a process runs below it.
  package func mayBeOn(
    _ silent: SilentServer, agents: [AgentIdentity], layout: TownLayout, lives: [String: ProcessLife],
    answered: Set<ServerIdentity>
  ) -> Set<String> {
    let known = memory.identity(at: silent.address)
    let pid = silent.pid ?? known?.pid
    var found = memory.sessions(at: silent.address)
    for (session, life) in lives where !answered.contains(life.server) {
      let isHere = pid.map { $0 == life.server.pid } ?? processes.runs(life.server.pid, "tmux")
      if isHere { found.insert(session) }
    }
    guard let pid else { return found }
    var homes: [String: String] = [:]
    for agent in agents { homes[layout.directory(of: agent)] = agent.session }
    for process in processes.descendants(of: pid) {
      if let environment = processes.environment(of: process.pid), environment["GT_TOWN_ROOT"] == layout.root,
        let session = environment["GT_SESSION"]
      {
        found.insert(session)
      }
      var place = processes.workingDirectory(of: process.pid)
      while let directory = place, directory.hasPrefix(layout.root + "/") {
        if let session = homes[directory] {
          found.insert(session)
          break
        }
        place = Disk.parent(of: directory)
      }
    }
    return found.intersection(agents.map(\.session))
  }

  /// Why a server is not asked at all: its process is stopped, and answers no question before it goes on.
  func standstill(of pid: Int32?, at path: String) -> ServerStandstill? {
    guard let pid, let state = processes.status(pid)?.state, state == "T" || state == "t" else { return nil }
    return ServerStandstill(pid: pid, path: path)
  }

  /// Why the town's own server is not asked.
  package func ownStandstill() -> ServerStandstill? {
    guard case .listening(let peer) = trust.standing(ofSocket: own.socketPath) else { return nil }
    let pid = peer ?? memory.listener(at: own.socketPath, processes) ?? listener(at: own.socketPath)
    if let process = pid.flatMap({ processes.identity(of: $0) }) { memory.note(listener: process, at: own.socketPath) }
    return standstill(of: pid, at: own.socketPath)
  }

  /// The process that listens at a path where the kernel does not say which, as with a full backlog. The children of a
  /// process may share its sockets: of several the oldest one that runs tmux counts, else the oldest.
  func listener(at path: String) -> Int32? {
    let found = processes.listeners(at: path, program: nil).map(\.process)
    let tmux = found.filter { processes.runs($0.pid, "tmux") }
    return (tmux.isEmpty ? found : tmux).min { $0.startTime < $1.startTime }?.pid
  }
}

/// A tmux server whose process is stopped.
package struct ServerStandstill: Sendable, Hashable, CustomStringConvertible {
  package var pid: Int32
  package var path: String

  /// What lets it go on.
  package var remedy: String { "kill -CONT \(pid)" }

  package var description: String {
    "the tmux server \(path) (pid \(pid)) does not answer, for its process is stopped (SIGSTOP, or a debugger); to let it "
      + "go on: \(remedy)"
  }
}

/// What the servers have shown, by their addresses.
final class ServerMemory: Sendable {
  private struct Contents {
    var byIdentity: [ServerIdentity: TmuxServer] = [:]
    var sessions: [TmuxServer: Set<String>] = [:]
    /// The processes that listened at a path when the kernel last told.
    var listeners: [String: ProcessIdentity] = [:]
    /// When a server was last given all the time there is, and did not answer.
    var silence: [TmuxServer: ContinuousClock.Instant] = [:]

    /// A server that was started anew has another identity, and other sessions.
    mutating func note(_ identity: ServerIdentity, at server: TmuxServer) {
      if byIdentity[identity] != server { sessions[server] = nil }
      byIdentity = byIdentity.filter { $0.value != server || $0.key == identity }
      byIdentity[identity] = server
    }
  }

  private let contents = Mutex(Contents())
  /// How long one that did not answer is given less time than others.
  private static let grudge: Duration = .seconds(60)

  var addresses: Set<TmuxServer> { contents.withLock { Set($0.byIdentity.values) } }

  func address(of identity: ServerIdentity) -> TmuxServer? { contents.withLock { $0.byIdentity[identity] } }

  func identity(at server: TmuxServer) -> ServerIdentity? {
    contents.withLock { $0.byIdentity.first { $0.value == server }?.key }
  }

  /// The agents' sessions that it has shown last.
  func sessions(at server: TmuxServer) -> Set<String> { contents.withLock { $0.sessions[server] ?? [] } }

  func note(_ identity: ServerIdentity, at server: TmuxServer, sessions: Set<String>) {
    contents.withLock { contents in
      contents.note(identity, at: server)
      contents.sessions[server] = sessions
    }
  }

  func note(_ identity: ServerIdentity, at server: TmuxServer, start session: String) {
    contents.withLock { contents in
      contents.note(identity, at: server)
      contents.sessions[server, default: []].insert(session)
    }
  }

  /// The process that listened there when that was last seen, where it still runs.
  func listener(at path: String, _ processes: ProcessTable) -> Int32? {
    contents.withLock { $0.listeners[path] }.flatMap { processes.isRunning($0) ? $0.pid : nil }
  }

  func note(listener process: ProcessIdentity, at path: String) { contents.withLock { $0.listeners[path] = process } }

  func noteAnswer(of server: TmuxServer) { contents.withLock { $0.silence[server] = nil } }

  func noteSilence(of server: TmuxServer, at time: ContinuousClock.Instant) {
    contents.withLock { $0.silence[server] = time }
  }

  /// Whether it has not answered a short while ago, when it was given its time.
  func isSilent(_ server: TmuxServer, at time: ContinuousClock.Instant) -> Bool {
    contents.withLock { $0.silence[server].map { time - $0 < Self.grudge } ?? false }
  }
}
