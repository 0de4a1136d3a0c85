// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Logging
import NIOCore

/// What the server says to one request.
struct ControlAnswer: Sendable {
  /// The reply and its NUL; absent where the client wants none.
  var bytes: ByteBuffer?
  /// Whether the connection ends with it.
  var closes = false
  /// What follows, reply by reply, each with its NUL; then comes ``bytes``.
  var stream: ControlStream<ByteBuffer>?
}

/// From the bytes of one request to the bytes of its reply.
struct ControlDispatcher: Sendable {
  /// The canonical path of the town that is served.
  let town: String
  let information: ServiceInformation
  let handler: any ControlHandler
  let logger: Logger

  /// - Parameter client: who waits for the reply. A request whose client has gone is not begun.
  func answer(_ request: ByteBuffer, from client: ClientPresence? = nil) async -> ControlAnswer {
    let data = Data(request.readableBytesView)
    let header: RequestHeader
    do {
      header = try ControlJSON.decode(RequestHeader.self, from: data)
    } catch {
      return rejection("not a request: a JSON object with a method is expected")
    }
    let awaited = header.oneway == true ? nil : client
    if awaited?.isGone == true {
      logger.info(
        "a request was not carried out, as its client gave up before it was begun",
        metadata: ["method": "\(header.method)"])
      return ControlAnswer(closes: true)
    }
    let reply: ControlRoute.Answer
    do {
      reply = try await ClientPresence.$current.withValue(awaited) { try await self.reply(to: header, data) }
    } catch {
      let failure = failure(from: error)
      logger.debug("control request not done", metadata: ["method": "\(header.method)", "reason": "\(failure)"])
      return ControlAnswer(bytes: header.oneway == true ? nil : encoded(failure))
    }
    switch reply {
    case _ where header.oneway == true: return ControlAnswer()
    case .reply(let data): return ControlAnswer(bytes: terminated(data))
    case .stream(let stream):
      // It only ends when the daemon does; whoever goes on reading is told.
      return ControlAnswer(
        bytes: encoded(.stopping), closes: true, stream: ControlStream { await stream.next().map(terminated) })
    }
  }

  /// The last that is said to a client that does not speak the protocol.
  func rejection(_ reason: String) -> ControlAnswer {
    ControlAnswer(bytes: encoded(.badRequest(message: reason)), closes: true)
  }

  private func reply(to header: RequestHeader, _ request: Data) async throws -> ControlRoute.Answer {
    switch header.method {
    case "\(ControlInterface.standardName).GetInfo":
      return .reply(try ControlJSON.encode(ReplyEnvelope(parameters: information)))
    case "\(ControlInterface.standardName).GetInterfaceDescription":
      let wanted = try RequestParameters<InterfaceName>.read(request).interface
      return .reply(
        try ControlJSON.encode(
          ReplyEnvelope(parameters: InterfaceDescription(description: try description(of: wanted)))))
    default:
      break
    }
    guard let route = ControlInterface.routesByName[header.method] else {
      throw unknown(header.method)
    }
    let given = try RequestParameters<TownHeader>.read(request).town
    guard given == town else { throw ControlFailure.wrongTown(expected: town, given: given) }
    if route.isStreaming, header.more != true { throw ControlFailure.expectedMore }
    return try await route.answer(request, handler)
  }

  private func description(of interface: String) throws(ControlFailure) -> String {
    switch interface {
    case ControlInterface.name: ControlInterface.description
    case ControlInterface.standardName: ControlInterface.standardDescription
    default: throw .interfaceNotFound(interface: interface)
    }
  }

  /// Which of the two errors: no such interface, or no such method in one that there is.
  private func unknown(_ method: String) -> ControlFailure {
    let interface = method.lastIndex(of: ".").map { String(method[..<$0]) } ?? ""
    return information.interfaces.contains(interface)
      ? .methodNotFound(method: method) : .interfaceNotFound(interface: interface)
  }

  private func failure(from error: any Error) -> ControlFailure {
    switch error {
    case let failure as ControlFailure: failure
    case is CancellationError: .stopping
    default: .failed(message: String(describing: error))
    }
  }

  private func encoded(_ failure: ControlFailure) -> ByteBuffer? {
    // Strings in a dictionary always become JSON; a client without a reply sees the connection's end.
    (try? ControlJSON.encode(FailureEnvelope(failure))).map(terminated)
  }

  private func terminated(_ data: Data) -> ByteBuffer {
    var buffer = ByteBuffer()
    buffer.reserveCapacity(data.count + 1)
    buffer.writeBytes(data)
    buffer.writeInteger(UInt8(0))
    return buffer
  }
}

private struct InterfaceName: Decodable {
  let interface: String
}

/// What `org.varlink.service.GetInterfaceDescription` answers.
struct InterfaceDescription: Codable {
  let description: String
}
