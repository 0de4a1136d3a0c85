// SPDX-License-Identifier: Apache-2.0

package import Commands
import Glibc
package import Processes
package import Tmux
package import Town
import TownFiles
package import Trust

/// The tmux servers of this user: the one on which agents are started, and all others that run.
package struct TmuxServers: Sendable {
  /// Names the one directory in which other servers are looked for, in place of `$TMUX_TMPDIR` and `/tmp`.
  package static let placeVariable = "GASTOWN_TMUX_TMPDIR"

  package let own: TmuxClient
  let environment: [String: String]
  private let runner: any CommandRunner
  let deadline: Duration
  private let unitSockets: [String]
  package let trust: PathTrust
  let processes: ProcessTable
  let memory = ServerMemory()

  /// - Parameters:
  ///   - unitSockets: where the town's agents may be found besides the directory of the user's own sockets.
  ///   - trust: by what sockets are judged before anything is asked there.
  package init(
    own: TmuxServer, environment: [String: String], runner: any CommandRunner, deadline: Duration,
    unitSockets: [String] = [], trust: PathTrust = PathTrust(), processes: ProcessTable = ProcessTable()
  ) {
    self.own = TmuxClient(
      server: own, runner: runner, deadline: deadline, socketPath: Self.socketPath(of: own, environment), trust: trust)
    self.environment = environment
    self.runner = runner
    self.deadline = deadline
    self.unitSockets = unitSockets
    self.trust = trust
    self.processes = processes
  }

  /// Every other server that listens where tmux keeps its sockets, and what is left alone there. Finding out costs no
  /// process. The town's own are first, then those that have answered before, strangers last.
  package func others() -> OtherServers {
    let ownPath = Disk.canonical(own.socketPath)
    var found = OtherServers()
    var paths = unitSockets.filter { Disk.exists($0) }
    for directory in directories() {
      let names = names(in: directory)
      do throws(PathObjection) {
        try trust.checkDirectory(directory, isOwn: true)
        paths += names.map { "\(directory)/\($0)" }
      } catch {
        if error.code != .missing { found.leaveOut(error, in: directory, names, trust: trust) }
      }
    }
    // The kernel does not say which process has let its backlog fill; to look for each of many would take too long.
    var unseen = (0..<4).makeIterator()
    for path in paths where ownPath == nil || Disk.canonical(path) != ownPath {
      switch trust.standing(ofSocket: path) {
      case .listening(let peer):
        let pid = peer ?? memory.listener(at: path, processes) ?? unseen.next().flatMap { _ in listener(at: path) }
        if let process = pid.flatMap({ processes.identity(of: $0) }) { memory.note(listener: process, at: path) }
        if let pid, let stranger = program(otherThanTmux: pid) {
          found.leftOut.append(
            PathObjection(.wrongKind, path: path, reason: "is served by pid \(pid) (\(stranger)), which is no tmux"))
          break
        }
        let client = client(.path(path), deadline: deadline)
        if let standstill = standstill(of: pid, at: path) {
          found.silent.append(SilentServer(address: client.server, reason: "\(standstill)", pid: pid))
        } else {
          found.clients.append(client)
        }
        found.peers[client.server] = pid
      case .silent: break
      // tmux keeps its lock files there, too.
      case .refused(let objection) where objection.code == .wrongKind: break
      case .refused(let objection) where objection.code == .unreadable: found.failures.append("\(objection)")
      case .refused(let objection): found.leftOut.append(objection)
      }
    }
    let answered = memory.addresses
    let units = Set(unitSockets)
    func rank(_ client: TmuxClient) -> Int {
      units.contains(client.socketPath) ? 0 : answered.contains(client.server) ? 1 : 2
    }
    found.clients.sort { (rank($0), $0.socketPath) < (rank($1), $1.socketPath) }
    return found
  }

  package func socketPath(of server: TmuxServer) -> String { Self.socketPath(of: server, environment) }

  /// The server on which something was found.
  package func client(at place: Liveness.Place) -> TmuxClient {
    guard !place.isOwnServer, let server = TmuxServer(setting: place.serverName) else { return own }
    return client(server, deadline: deadline)
  }

  /// The server with this identity, as of the last look; `nil` where it was not seen: what was meant for it must not
  /// reach another one.
  package func client(of identity: ServerIdentity) -> TmuxClient? {
    guard let server = memory.address(of: identity) else { return nil }
    return server == own.server ? own : client(server, deadline: deadline)
  }

  /// A server by its address, asked by processes.
  package func client(_ server: TmuxServer, deadline: Duration) -> TmuxClient {
    TmuxClient(
      server: server, runner: runner, deadline: deadline, socketPath: socketPath(of: server), trust: trust)
  }

  /// Remembers where a server was found, and which agents' sessions it has.
  func note(_ identity: ServerIdentity, at client: TmuxClient, sessions: Set<String>) {
    memory.note(identity, at: client.server, sessions: sessions)
  }

  /// Remembers that an agent was started on a server.
  func noteStart(of session: String, on identity: ServerIdentity, at client: TmuxClient) {
    memory.note(identity, at: client.server, start: session)
  }

  /// What a process runs that listens where tmux has its sockets, where that is known to be no tmux. A service manager
  /// may listen for one.
  private func program(otherThanTmux pid: Int32) -> String? {
    guard let status = processes.status(pid), let program = processes.program(of: pid) else { return nil }
    let isTmux = [program, status.name].contains { $0.hasPrefix("tmux") || $0.hasPrefix("systemd") }
    return isTmux ? nil : displayable(program)
  }

  private static func socketPath(of server: TmuxServer, _ environment: [String: String]) -> String {
    server.socketPath(userID: getuid(), temporaryDirectory: environment["TMUX_TMPDIR"])
  }

  /// Where tmux keeps this user's sockets.
  private func directories() -> [String] {
    let base = environment["TMUX_TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    // tmux has its sockets in both; a town of a test keeps away from those of the person who runs it.
    let bases = environment[Self.placeVariable].map { [$0] } ?? (base == "/tmp" ? [base] : [base, "/tmp"])
    return bases.map { "\($0)/tmux-\(getuid())" }
  }
}

/// The tmux servers besides the town's own.
package struct OtherServers: Sendable {
  /// Those that may be asked, in the order in which they are.
  package var clients: [TmuxClient] = []
  /// Those that are not asked, as it is known that they do not answer.
  package var silent: [SilentServer] = []
  /// The processes that listen, where they are known.
  var peers: [TmuxServer: Int32] = [:]
  /// Sockets and directories that are left alone, as another user made them or may change them. What listens there
  /// is nothing to this town.
  package var leftOut: [PathObjection] = []
  /// Why servers of this user that may be there cannot be asked.
  package var failures: [String] = []

  /// A directory that is not to be trusted, with what is in it. A server of this user's own may be there all the same,
  /// and what lives on it is unknown; other users cannot make one.
  fileprivate mutating func leaveOut(
    _ objection: PathObjection, in directory: String, _ names: [String], trust: PathTrust
  ) {
    leftOut.append(objection)
    // In another user's directory nothing is of this user.
    guard objection.code != .foreign, objection.code != .planted else { return }
    for path in names.map({ "\(directory)/\($0)" }) {
      switch trust.peer(ofSocket: path) {
      case .silent: break
      case .refused(let objection): leftOut.append(objection)
      case .listening:
        failures.append(
          "the tmux server \(path) is not asked, as other users could put another in its place: \(objection)")
      }
    }
  }
}

/// The sockets in a directory. For want of descriptors they are not seen, and an agent that lives there is not known to be
/// gone.
private func names(in directory: String) -> [String] {
  let names = try? Disk.names(in: directory)
  if names == nil { ProcessTable.noteFailure(EMFILE) }
  return names ?? []
}
