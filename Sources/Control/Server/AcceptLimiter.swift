// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// Limits the number of connections. When the limit is reached, the connection that has been idle longest is closed;
/// when all are being answered, no further connection is accepted: it waits in the socket's backlog, where it costs
/// nothing.
///
/// Where accepting fails for want of descriptors or memory it rests for a moment, for the socket stays
/// readable, and the event loop would do nothing but try again.
final class AcceptLimiter: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = any Channel

  private static let rest = TimeAmount.milliseconds(200)

  private let limit: Int
  private let patience: Duration
  private let connections: ConnectionRegistry
  private let logger: Logger
  private var count = 0
  private var isResting = false
  private var isReadHeldBack = false
  private var isMakingRoom = false

  /// - Parameter patience: how long a connection that asks for nothing keeps its place in any case.
  init(limit: Int, patience: Duration, connections: ConnectionRegistry, logger: Logger) {
    self.limit = limit
    self.patience = patience
    self.connections = connections
    self.logger = logger
  }

  func read(context: ChannelHandlerContext) {
    isReadHeldBack = true
    resume(context)
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    count += 1
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    unwrapInboundIn(data).closeFuture.hop(to: context.eventLoop).whenComplete { _ in
      let (limiter, context) = bound.value
      limiter.closedOne(context)
    }
    context.fireChannelRead(data)
    makeRoom(context)
  }

  /// Closes a connection when the limit is reached, and again a little later if that did not help.
  private func makeRoom(_ context: ChannelHandlerContext) {
    guard count >= limit else { return }
    connections.makeRoom(patience: patience)
    guard !isMakingRoom else { return }
    isMakingRoom = true
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    context.eventLoop.scheduleTask(in: TimeAmount(patience / 4)) {
      let (limiter, context) = bound.value
      limiter.isMakingRoom = false
      if context.channel.isActive { limiter.makeRoom(context) }
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    logger.warning("control connection not accepted", error: error)
    context.fireErrorCaught(error)
    guard !isResting else { return }
    isResting = true
    // Only this takes the socket out of the event loop's interest: a read that failed is still owed.
    try? context.channel.syncOptions?.setOption(.autoRead, value: false)
    context.eventLoop.assumeIsolated().scheduleTask(in: Self.rest) {
      self.isResting = false
      try? context.channel.syncOptions?.setOption(.autoRead, value: true)
    }
  }

  private func closedOne(_ context: ChannelHandlerContext) {
    count -= 1
    resume(context)
  }

  private func resume(_ context: ChannelHandlerContext) {
    guard isReadHeldBack, !isResting, count < limit, context.channel.isActive else { return }
    isReadHeldBack = false
    context.read()
  }
}
