// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Testing

@testable import Control

/// A server on a socket of its own, and a client for it.
struct ServedTown {
  let directory: SocketDirectory
  let server: ControlServer

  static func start(
    handler: SampleHandler = SampleHandler(),
    limits: ControlLimits = ControlLimits(),
    in directory: SocketDirectory? = nil,
    endpoint: ControlServer.Endpoint? = nil,
    isAllowed: @escaping @Sendable (PeerCredentials) -> Bool = PeerCredentials.ownerOrRoot
  ) async throws -> ServedTown {
    let directory = try directory ?? SocketDirectory()
    let server = ControlServer(
      endpoint: endpoint ?? .path(directory.socket),
      town: "/town",
      information: ServiceInformation(version: "1.2.3"),
      handler: handler,
      logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() },
      limits: limits,
      isAllowed: isAllowed)
    try await server.start()
    return ServedTown(directory: directory, server: server)
  }

  var socket: String { directory.socket }

  var client: ControlClient { ControlClient(socketPath: socket, town: "/town") }

  /// What a request is answered on a connection of its own, as text.
  func answer(to request: String) async throws -> String? {
    let connection = try RawConnection(socket)
    try await connection.send(request + "\0")
    return try await connection.receive()
  }
}
