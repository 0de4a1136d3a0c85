// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// Accepts no further connection while the most that are served at once are there: the others wait
/// in the socket's backlog, where they cost nothing, and are served when one of these ends.
///
/// Where accepting fails for want of descriptors or memory it rests for a moment, for the socket stays
/// readable, and the event loop would do nothing but try again.
final class AcceptLimiter: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = any Channel

  private static let rest = TimeAmount.milliseconds(200)

  private let limit: Int
  private let logger: Logger
  private var count = 0
  private var isResting = false
  private var isReadHeldBack = false

  init(limit: Int, logger: Logger) {
    self.limit = limit
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
