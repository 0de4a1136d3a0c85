// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// Accepts no further connection while the most that are served at once are there: the others wait
/// in the socket's backlog, where they cost nothing, and are served when one of these ends.
final class AcceptLimiter: ChannelDuplexHandler {
  typealias InboundIn = any Channel
  typealias InboundOut = any Channel
  typealias OutboundIn = any Channel

  private let limit: Int
  private var count = 0
  private var isReadHeldBack = false

  init(limit: Int) { self.limit = limit }

  func read(context: ChannelHandlerContext) {
    if count < limit { context.read() } else { isReadHeldBack = true }
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

  private func closedOne(_ context: ChannelHandlerContext) {
    count -= 1
    guard isReadHeldBack, context.channel.isActive else { return }
    isReadHeldBack = false
    context.read()
  }
}
