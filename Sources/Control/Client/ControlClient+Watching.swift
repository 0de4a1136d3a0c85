// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import NIOCore
import NIOPosix
import Trust
import Glibc

extension ControlClient {
  /// Asks for the town's events and hands each to `body`; returns when the daemon has ended the stream, or
  /// the connection has ended. Nothing more is read while `body` is at work.
  ///
  /// - Parameter deadline: for the first reply; after that there may be nothing to tell for hours.
  /// - Throws: ``ControlError`` where there was no first reply, or the daemon refuses; what `body` throws;
  ///   `CancellationError`.
  package func watch(
    _ request: Watch, deadline: Duration = .seconds(10), _ body: (Watch.Reply) async throws -> Void
  ) async throws {
    func failure(_ code: ControlError.Code, _ reason: String) -> ControlError {
      ControlError(code, method: Watch.qualifiedName, socketPath: socketPath, reason: reason)
    }
    if let objection = objectionToSocket() { throw failure(.unreachable, "\(objection)") }
    let channel: NIOAsyncChannel<ByteBuffer, ByteBuffer>
    do {
      channel = try await connect(deadline)
    } catch let error as IOError {
      throw failure(.unreachable, String(cString: strerror(error.errnoCode)))
    } catch let error as ChannelError {
      throw failure(.unreachable, "\(error)")
    }
    let envelope = RequestEnvelope(parameters: TownParameters(town: town, request: request), more: true)
    var bytes = ByteBuffer(bytes: try ControlJSON.encode(envelope))
    bytes.writeInteger(UInt8(0))
    let timer = channel.channel.eventLoop.scheduleTask(in: TimeAmount(deadline)) {
      channel.channel.close(promise: nil)
    }
    defer { timer.cancel() }
    let isAnswered = try await channel.executeThenClose { inbound, outbound in
      var replies = ReplySplitter()
      var isAnswered = false
      do {
        try await checkPeer(of: channel.channel).get()
        try await outbound.write(bytes)
        for try await part in inbound {
          for reply in try replies.split(part) {
            timer.cancel()
            isAnswered = true
            guard let event = try read(reply, failure) else { return true }
            try await body(event)
          }
        }
      } catch let objection as PathObjection {
        throw failure(.unreachable, "\(objection)")
      } catch is IOError {
        // A reset is the stream's end as well.
      } catch is ChannelError {
      }
      return isAnswered
    }
    try Task.checkCancellation()
    if !isAnswered { throw failure(.unreachable, "the connection ended before a reply, or there was none in time") }
  }

  private func connect(_ deadline: Duration) async throws -> NIOAsyncChannel<ByteBuffer, ByteBuffer> {
    let end = ContinuousClock.now.advanced(by: deadline)
    while true {
      do {
        return try await ClientBootstrap(group: group).connect(unixDomainSocketPath: socketPath) { channel in
          channel.eventLoop.makeCompletedFuture {
            try NIOAsyncChannel(wrappingChannelSynchronously: channel)
          }
        }
      } catch let error as IOError where error.errnoCode == EAGAIN && ContinuousClock.now < end {
        // The backlog is full: the daemon is there, and busy accepting.
        try await Task.sleep(for: .milliseconds(20))
      }
    }
  }

  /// One event; `nil` for the stream's regular end.
  private func read(
    _ reply: ByteBuffer, _ failure: (ControlError.Code, String) -> ControlError
  ) throws -> Watch.Reply? {
    let data = Data(reply.readableBytesView)
    do {
      guard let name = try ControlJSON.decode(FailureHeader.self, from: data).error else {
        return try ControlJSON.decode(ReplyEnvelope<Watch.Reply>.self, from: data).parameters
      }
      let parameters = try? ControlJSON.decode(ReplyEnvelope<[String: String]>.self, from: data).parameters
      let refusal = ControlFailure(name: name, parameters: parameters ?? [:])
      if refusal == .stopping { return nil }
      throw failure(.refused(refusal), "\(refusal)")
    } catch let error as ControlError {
      throw error
    } catch {
      throw failure(.protocolViolation, "the reply cannot be read: \(error)")
    }
  }
}
