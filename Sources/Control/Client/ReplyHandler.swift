// SPDX-License-Identifier: Apache-2.0

import NIOCore

/// The client's half of one connection: collects one reply.
final class ReplyHandler: ChannelInboundHandler {
  typealias InboundIn = ByteBuffer

  /// How a connection ended without a whole reply.
  enum Failure: Error, Equatable {
    /// Before the first byte of a reply.
    case lost
    /// In the middle of one.
    case cutOff
    case tooLarge
  }

  private let reply: EventLoopPromise<ByteBuffer>
  private let limit: Int
  private var buffer = ByteBuffer()
  private var scanned = 0

  init(reply: EventLoopPromise<ByteBuffer>, limit: Int) {
    self.reply = reply
    self.limit = limit
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    buffer.writeBuffer(&bytes)
    let view = buffer.readableBytesView
    if let end = view.dropFirst(scanned).firstIndex(of: 0) {
      let length = view.distance(from: view.startIndex, to: end)
      reply.succeed(buffer.readSlice(length: length) ?? ByteBuffer())
      context.close(promise: nil)
    } else if view.count > limit {
      reply.fail(Failure.tooLarge)
      context.close(promise: nil)
    } else {
      scanned = view.count
    }
  }

  func channelInactive(context: ChannelHandlerContext) {
    // A promise that is kept already ignores this.
    reply.fail(buffer.readableBytes == 0 ? Failure.lost : Failure.cutOff)
    context.fireChannelInactive()
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    // A reset and a broken pipe are the connection's end, told by channelInactive.
    context.close(promise: nil)
  }
}
