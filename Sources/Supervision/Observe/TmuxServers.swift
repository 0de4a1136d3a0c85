// SPDX-License-Identifier: Apache-2.0

package import Commands
import Glibc
internal import Processes
internal import Synchronization
package import Tmux
package import Town
internal import TownFiles

/// The tmux servers of this user: the one on which agents are started, and all others that run.
package struct TmuxServers: Sendable {
  package let own: TmuxClient
  private let environment: [String: String]
  private let runner: any CommandRunner
  private let deadline: Duration
  private let unitSockets: [String]
  private let known = KnownServers()

  /// - Parameters:
  ///   - clients: gives the lasting client of the own server; never of the one that a bare `tmux` talks to,
  ///     which is a person's, and where nothing is to be found that nobody started.
  ///   - unitSockets: where the town's agents may be found besides the directory of the user's own sockets.
  package init(
    own: TmuxServer, environment: [String: String], runner: any CommandRunner, deadline: Duration,
    clients: ControlClients? = nil, unitSockets: [String] = []
  ) {
    let isPersons = Self.path(of: own, environment) == Self.path(of: .default, environment)
    self.own = TmuxClient(
      server: own, runner: runner, deadline: deadline,
      control: isPersons ? nil : clients?.client(of: own, deadline: deadline))
    self.environment = environment
    self.runner = runner
    self.deadline = deadline
    self.unitSockets = unitSockets
  }

  /// Every other server that listens in the directory where tmux keeps its sockets. Asking the
  /// sockets costs no process; a socket that nobody listens on is left out.
  package func others() -> [TmuxClient] {
    let ownPath = Disk.canonical(socketPath(of: own.server))
    return sockets().filter { Disk.canonical($0) != ownPath && Socket.isListening($0) }.map {
      TmuxClient(server: .path($0), runner: runner, deadline: deadline)
    }
  }

  package func socketPath(of server: TmuxServer) -> String {
    server.socketPath(userID: getuid(), temporaryDirectory: environment["TMUX_TMPDIR"])
  }

  /// The server on which something was found.
  package func client(at place: Liveness.Place) -> TmuxClient {
    guard !place.isOwnServer, let server = TmuxServer(setting: place.serverName) else { return own }
    return TmuxClient(server: server, runner: runner, deadline: deadline)
  }

  /// The server with this identity, as of the last look; our own where it was not seen.
  package func client(of identity: Town.ServerIdentity) -> TmuxClient {
    guard let server = known.address(of: identity), server != own.server else { return own }
    return TmuxClient(server: server, runner: runner, deadline: deadline)
  }

  /// Remembers where a server was found.
  func note(_ identity: Town.ServerIdentity, at client: TmuxClient) { known.note(identity, at: client.server) }

  private static func path(of server: TmuxServer, _ environment: [String: String]) -> String {
    let path = server.socketPath(userID: getuid(), temporaryDirectory: environment["TMUX_TMPDIR"])
    return Disk.canonical(path) ?? path
  }

  private func sockets() -> [String] {
    let base = environment["TMUX_TMPDIR"].flatMap { $0.isEmpty ? nil : $0 } ?? "/tmp"
    var directories = ["\(base)/tmux-\(getuid())"]
    if base != "/tmp" { directories.append("/tmp/tmux-\(getuid())") }
    return directories.flatMap { directory in
      names(in: directory).map { "\(directory)/\($0)" }
    } + unitSockets.filter { Disk.exists($0) }
  }
}

/// The sockets in a directory. For want of descriptors they are not seen, and whoever lives there is not known to be
/// gone.
private func names(in directory: String) -> [String] {
  let names = try? Disk.names(in: directory)
  if names == nil { ProcessTable.noteFailure(EMFILE) }
  return names ?? []
}

/// The addresses of the servers that were seen: a pane is known by its server's identity, and asked for at
/// its address.
private final class KnownServers: Sendable {
  private let addresses = Mutex<[Town.ServerIdentity: TmuxServer]>([:])

  func address(of identity: Town.ServerIdentity) -> TmuxServer? { addresses.withLock { $0[identity] } }

  func note(_ identity: Town.ServerIdentity, at server: TmuxServer) {
    addresses.withLock { addresses in
      // A server that was started anew has another identity.
      addresses = addresses.filter { $0.value != server || $0.key == identity }
      addresses[identity] = server
    }
  }
}

/// Unix sockets, as far as finding servers needs them.
enum Socket {
  /// Whether somebody accepts connections at `path`.
  static func isListening(_ path: String) -> Bool {
    var address = sockaddr_un()
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else { return false }
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue | SOCK_CLOEXEC.rawValue | SOCK_NONBLOCK.rawValue), 0)
    guard descriptor >= 0 else {
      ProcessTable.noteFailure(errno)
      return false
    }
    defer { close(descriptor) }
    let result = withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    // A full backlog is a server too.
    return result == 0 || errno == EAGAIN || errno == EINPROGRESS
  }
}
