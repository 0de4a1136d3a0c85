// SPDX-License-Identifier: Apache-2.0

package import Logging
package import NIOCore
import NIOPosix

/// Serves the control protocol on one Unix socket.
///
/// Who may connect is checked by the kernel's word on the peer, besides the socket's own mode. What
/// one client does to its connection is its own affair: the others are served as before.
package actor ControlServer {
  /// Where the socket comes from.
  package enum Endpoint: Sendable, Hashable, CustomStringConvertible {
    /// A listening socket that was handed over; the server closes the descriptor, never the file.
    case descriptor(Int32)
    /// A path that the server binds, and removes when it ends.
    case path(String)

    package var description: String {
      switch self {
      case .descriptor(let descriptor): "descriptor \(descriptor)"
      case .path(let path): path
      }
    }
  }

  private enum State {
    case idle
    case starting
    case serving(any Channel, ListeningSocket)
    case ended
  }

  private let endpoint: Endpoint
  private let dispatcher: ControlDispatcher
  private let limits: ControlLimits
  private let isAllowed: @Sendable (PeerCredentials) -> Bool
  private let group: any EventLoopGroup
  private let connections = ConnectionRegistry()
  private var state = State.idle

  /// - Parameters:
  ///   - town: the canonical path of the town that is served.
  ///   - isAllowed: whether a peer may speak to us; others are closed without a word.
  package init(
    endpoint: Endpoint,
    town: String,
    information: ServiceInformation,
    handler: any ControlHandler,
    logger: Logger,
    limits: ControlLimits = ControlLimits(),
    isAllowed: @escaping @Sendable (PeerCredentials) -> Bool = PeerCredentials.ownerOrRoot,
    group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup
  ) {
    self.endpoint = endpoint
    self.limits = limits
    self.isAllowed = isAllowed
    self.group = group
    dispatcher = ControlDispatcher(town: town, information: information, handler: handler, logger: logger)
  }

  /// Listens; connections are accepted when this returns. A server is started once.
  ///
  /// - Throws: ``ListenError``; NIO's error where the socket cannot be watched; `CancellationError`
  ///   where the server was shut down meanwhile.
  package func start() async throws {
    guard case .idle = state else { preconditionFailure("a control server is started once") }
    let socket: ListeningSocket =
      switch endpoint {
      case .descriptor(let descriptor): try .adopt(descriptor)
      case .path(let path): try .bind(path)
      }
    state = .starting
    let channel: any Channel
    do {
      channel = try await bootstrap().withBoundSocket(socket.descriptor).get()
    } catch {
      socket.removeFile()
      state = .ended
      throw error
    }
    guard case .starting = state else {
      // Shut down before it was up.
      socket.removeFile()
      try? await channel.close()
      throw CancellationError()
    }
    state = .serving(channel, socket)
    dispatcher.logger.debug("control socket served", metadata: ["socket": "\(endpoint)"])
  }

  /// Waits for the end of the listener.
  ///
  /// - Throws: ``ListenError`` with ``ListenError/Code/lost`` where it ended by itself: then no client can reach the
  ///   daemon any more, and it should end as well. Returns after ``shutdown(grace:)``.
  package func untilEnded() async throws {
    guard case .serving(let channel, _) = state else { return }
    try? await channel.closeFuture.get()
    if case .serving = state {
      throw ListenError(.lost, subject: "\(endpoint)", reason: "the listening socket was closed")
    }
  }

  /// Accepts no more, answers what was asked, and returns when the last client is gone. Requests that
  /// are not answered within `grace` are cancelled and their connections closed.
  package func shutdown(grace: Duration = .seconds(3)) async {
    let former = state
    state = .ended
    guard case .serving(let channel, let socket) = former else { return }
    // First the file, so that nobody finds a socket that is not served.
    socket.removeFile()
    try? await channel.close()
    connections.drain()
    let connections = connections
    await withTaskGroup { group in
      group.addTask { await connections.allClosed() }
      group.addTask {
        guard (try? await Task.sleep(for: grace)) != nil else { return }
        connections.abandon()
        await connections.allClosed()
      }
      await group.next()
      group.cancelAll()
    }
  }

  private func bootstrap() -> ServerBootstrap {
    let (dispatcher, limits, connections, isAllowed) = (dispatcher, limits, connections, isAllowed)
    return ServerBootstrap(group: group)
      .serverChannelOption(.maxMessagesPerRead, value: 1)
      .serverChannelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            AcceptLimiter(
              limit: limits.connections, patience: limits.patience, connections: connections, logger: dispatcher.logger)
          )
        }
      }
      .childChannelOption(.allowRemoteHalfClosure, value: true)
      .childChannelInitializer { channel in
        PeerCredentials.of(channel).flatMapThrowing { peer in
          guard isAllowed(peer) else {
            dispatcher.logger.warning(
              "control connection refused: another user's process",
              metadata: ["peer_uid": "\(peer.userIdentifier)", "peer_pid": "\(peer.processIdentifier)"])
            throw ChannelError.ioOnClosedChannel
          }
          try channel.pipeline.syncOperations.addHandler(
            ConnectionHandler(dispatcher: dispatcher, limits: limits, connections: connections))
          connections.add(channel)
        }
      }
  }
}
