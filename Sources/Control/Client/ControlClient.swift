// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
package import NIOCore
import NIOPosix
import Trust
import Glibc

/// Asks the daemon of one town: a connection for each request, one reply, under a deadline.
package struct ControlClient: Sendable {
  /// The socket that is connected to.
  package let socketPath: String
  /// The canonical path of the town that is meant.
  package let town: String

  let group: any EventLoopGroup
  private static let replyLimit = ReplySplitter.largest

  package init(
    socketPath: String,
    town: String,
    group: any EventLoopGroup = .singletonMultiThreadedEventLoopGroup
  ) {
    self.socketPath = socketPath
    self.town = town
    self.group = group
  }

  /// Sends `request` and waits for its reply.
  ///
  /// Where the connection is lost before a byte of the reply, as it is when the daemon is replaced,
  /// an idempotent request is sent once more, under the same deadline.
  ///
  /// - Throws: ``ControlError``; `CancellationError` where the task was cancelled.
  package func call<Method: ControlMethod>(
    _ request: Method, deadline: Duration = .seconds(10)
  ) async throws -> Method.Reply {
    let envelope = RequestEnvelope(parameters: TownParameters(town: town, request: request))
    return try await ask(
      method: Method.qualifiedName, isIdempotent: Method.isIdempotent, envelope, Method.Reply.self, deadline)
  }

  /// What answers on the socket, whichever town it serves.
  package func information(deadline: Duration = .seconds(10)) async throws -> ServiceInformation {
    let method = "\(ControlInterface.standardName).GetInfo"
    return try await ask(
      method: method, isIdempotent: true, ["method": method], ServiceInformation.self, deadline)
  }

  private func ask<Reply: Decodable>(
    method: String, isIdempotent: Bool, _ envelope: some Encodable, _ type: Reply.Type, _ deadline: Duration
  ) async throws -> Reply {
    let end = ContinuousClock.now.advanced(by: deadline)
    func failure(_ code: ControlError.Code, _ reason: String) -> ControlError {
      ControlError(code, method: method, socketPath: socketPath, reason: reason)
    }
    guard socketPath.utf8.count <= UnixAddress.longestPath else {
      throw failure(.unreachable, "the path has more than \(UnixAddress.longestPath) bytes")
    }
    if let objection = objectionToSocket() { throw failure(.unreachable, "\(objection)") }
    var bytes = ByteBuffer(bytes: try ControlJSON.encode(envelope))
    bytes.writeInteger(UInt8(0))
    var retries = isIdempotent ? 1 : 0
    while true {
      do {
        return try decode(try await exchange(bytes, until: end), type, failure)
      } catch let error as ControlError {
        throw error
      } catch ReplyHandler.Failure.lost where retries > 0 {
        retries -= 1
      } catch ReplyHandler.Failure.lost {
        throw failure(.unreachable, "the connection was lost before a reply")
      } catch ReplyHandler.Failure.cutOff {
        throw failure(.protocolViolation, "the reply was cut off")
      } catch ReplyHandler.Failure.tooLarge {
        throw failure(.protocolViolation, "the reply is larger than \(Self.replyLimit) bytes")
      } catch is DeadlineExceeded {
        throw failure(.deadlineExceeded, "no reply after \(deadline)")
      } catch let objection as PathObjection {
        throw failure(.unreachable, "\(objection)")
      } catch let error as IOError where error.errnoCode == EAGAIN {
        // The backlog is full: the daemon is there, and busy accepting.
        guard ContinuousClock.now < end else {
          throw failure(.deadlineExceeded, "not accepted within \(deadline): too many clients")
        }
        try await Task.sleep(for: .milliseconds(20))
      } catch let error as IOError {
        throw failure(.unreachable, String(cString: strerror(error.errnoCode)))
      } catch let error as ChannelError {
        throw failure(.unreachable, "\(error)")
      }
    }
  }

  /// One connection: its request, and the bytes of its reply.
  private func exchange(_ request: ByteBuffer, until end: ContinuousClock.Instant) async throws -> ByteBuffer {
    let remaining = TimeAmount(ContinuousClock.now.duration(to: end))
    guard remaining > .zero else { throw DeadlineExceeded() }
    let eventLoop = group.next()
    let reply = eventLoop.makePromise(of: ByteBuffer.self)
    let timer = eventLoop.scheduleTask(in: remaining) { reply.fail(DeadlineExceeded()) }
    defer { timer.cancel() }
    let connecting = ClientBootstrap(group: eventLoop)
      .channelInitializer { channel in
        channel.eventLoop.makeCompletedFuture {
          try channel.pipeline.syncOperations.addHandler(
            ReplyHandler(reply: reply, limit: Self.replyLimit))
        }
      }
      .connect(unixDomainSocketPath: socketPath)
    let admitted = connecting.flatMap { channel in checkPeer(of: channel).map { channel } }
    admitted.whenSuccess { $0.writeAndFlush(request, promise: nil) }
    admitted.whenFailure { reply.fail($0) }
    // However it ends, deadline and cancellation included, the connection ends with it.
    reply.futureResult.whenComplete { _ in connecting.whenSuccess { $0.close(promise: nil) } }
    return try await withTaskCancellationHandler {
      try await reply.futureResult.get()
    } onCancel: {
      reply.fail(CancellationError())
    }
  }

  private func decode<Reply: Decodable>(
    _ reply: ByteBuffer, _ type: Reply.Type, _ failure: (ControlError.Code, String) -> ControlError
  ) throws(ControlError) -> Reply {
    let data = Data(reply.readableBytesView)
    do {
      guard let name = try ControlJSON.decode(FailureHeader.self, from: data).error else {
        return try ControlJSON.decode(ReplyEnvelope<Reply>.self, from: data).parameters
      }
      let parameters = try? ControlJSON.decode(ReplyEnvelope<[String: String]>.self, from: data).parameters
      let refusal = ControlFailure(name: name, parameters: parameters ?? [:])
      throw failure(.refused(refusal), "\(refusal)")
    } catch let error as ControlError {
      throw error
    } catch {
      throw failure(.protocolViolation, "the reply cannot be read: \(error)")
    }
  }
}

private struct DeadlineExceeded: Error {}
