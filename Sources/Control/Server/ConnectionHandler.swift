// SPDX-License-Identifier: Apache-2.0

import Logging
import NIOCore

/// Performs what ``ConnectionState`` decides, for one client.
///
/// It lives on its channel's event loop and is touched from nowhere else.
final class ConnectionHandler: ChannelDuplexHandler {
  typealias InboundIn = ByteBuffer
  typealias InboundOut = Never
  typealias OutboundIn = Never
  typealias OutboundOut = ByteBuffer

  private let dispatcher: ControlDispatcher
  private let connections: ConnectionRegistry
  private var state: ConnectionState<ContinuousClock.Instant>
  private var buffer = ByteBuffer()
  private var timer: Scheduled<Void>?
  private var work: Task<Void, Never>?
  private var wantsRead = false
  private var isStreaming = false
  private var presence: ClientPresence?

  init(dispatcher: ControlDispatcher, limits: ControlLimits, connections: ConnectionRegistry) {
    self.dispatcher = dispatcher
    self.connections = connections
    state = ConnectionState(limits: limits, now: .now)
  }

  func channelActive(context: ChannelHandlerContext) {
    presence = try? context.pipeline.syncOperations.withUnsafeTransportIfAvailable(of: NIOBSDSocket.Handle.self) {
      ClientPresence(descriptor: $0)
    }
    setTimer(context)
    context.fireChannelActive()
  }

  /// Handles the end of the connection: a request that was begun continues, unless the server is being shut down. A
  /// stream of replies without a reader ends.
  func channelInactive(context: ChannelHandlerContext) {
    presence?.end()
    timer?.cancel()
    if isStreaming { work?.cancel() }
    context.fireChannelInactive()
  }

  func read(context: ChannelHandlerContext) {
    // The event loop asks for more after each read; it gets it when there is nothing to answer.
    wantsRead = true
    if work == nil { perform(.read, context) }
  }

  func channelRead(context: ChannelHandlerContext, data: NIOAny) {
    var bytes = unwrapInboundIn(data)
    buffer.writeBuffer(&bytes)
    perform(state.received(buffer.readableBytesView, now: .now), context)
  }

  func userInboundEventTriggered(context: ChannelHandlerContext, event: Any) {
    switch event {
    case ChannelEvent.inputClosed:
      perform(state.inputClosed(buffer.readableBytesView, now: .now), context)
    case is ChannelShouldQuiesceEvent:
      perform(state.drain(), context)
    case is AbandonRequest:
      work?.cancel()
      context.close(promise: nil)
    case is MakeRoom:
      guard work == nil || isStreaming else { break }
      dispatcher.logger.debug("control connection ended to make room for another")
      context.close(promise: nil)
    default:
      context.fireUserInboundEventTriggered(event)
    }
  }

  func errorCaught(context: ChannelHandlerContext, error: any Error) {
    dispatcher.logger.debug("control connection lost", error: error)
    context.close(promise: nil)
  }

  private func perform(_ action: ConnectionState<ContinuousClock.Instant>.Action, _ context: ChannelHandlerContext) {
    switch action {
    case .nothing: break
    case .close: context.close(promise: nil)
    case .endStream: work?.cancel()
    case .read:
      if wantsRead {
        wantsRead = false
        context.read()
      }
    case .reject(let reason):
      buffer.clear()
      answer(context) { dispatcher in dispatcher.rejection(reason) }
    case .answer(let length):
      let request = buffer.readSlice(length: length) ?? ByteBuffer()
      buffer.moveReaderIndex(forwardBy: 1)
      buffer.discardReadBytes()
      let presence = presence
      answer(context) { dispatcher in await dispatcher.answer(request, from: presence) }
    }
    setTimer(context)
  }

  private func answer(
    _ context: ChannelHandlerContext,
    _ body: @escaping @Sendable (ControlDispatcher) async -> ControlAnswer
  ) {
    let dispatcher = dispatcher
    let bound = NIOLoopBound((self, context), eventLoop: context.eventLoop)
    let eventLoop = context.eventLoop
    connections.note(.working, of: context.channel)
    work = Task {
      let answer = await body(dispatcher)
      eventLoop.execute {
        let (handler, context) = bound.value
        if answer.stream == nil { handler.reply(answer, context) } else { handler.stream(answer, context) }
      }
    }
  }

  /// Hands on one reply at a time: the next is asked for when the client's socket has taken this one.
  private func stream(_ answer: ControlAnswer, _ context: ChannelHandlerContext) {
    work = nil
    guard let stream = answer.stream, context.channel.isActive else { return }
    isStreaming = true
    connections.note(.streaming(since: .now), of: context.channel)
    let action = state.streamStarted()
    let (channel, eventLoop) = (context.channel, context.eventLoop)
    let bound = NIOLoopBound((self, context), eventLoop: eventLoop)
    work = Task {
      while let bytes = await stream.next() {
        guard (try? await channel.writeAndFlush(bytes).get()) != nil else { break }
      }
      eventLoop.execute {
        let (handler, context) = bound.value
        handler.isStreaming = false
        handler.reply(answer, context)
      }
    }
    perform(action, context)
  }

  private func reply(_ answer: ControlAnswer, _ context: ChannelHandlerContext) {
    work = nil
    guard context.channel.isActive else { return }
    state.replyStarted(now: .now)
    setTimer(context)
    guard let bytes = answer.bytes else { return ended(answer, context) }
    context.writeAndFlush(wrapOutboundOut(bytes)).assumeIsolated().whenComplete { result in
      switch result {
      case .success: self.ended(answer, context)
      case .failure: context.close(promise: nil)
      }
    }
  }

  private func ended(_ answer: ControlAnswer, _ context: ChannelHandlerContext) {
    connections.note(.waiting(since: .now), of: context.channel)
    perform(state.replyEnded(buffer.readableBytesView, closes: answer.closes, now: .now), context)
  }

  private func setTimer(_ context: ChannelHandlerContext) {
    timer?.cancel()
    timer = nil
    guard let deadline = state.deadline else { return }
    let wait = TimeAmount(ContinuousClock.now.duration(to: deadline))
    timer = context.eventLoop.assumeIsolated().scheduleTask(in: max(wait, .milliseconds(1))) {
      self.timer = nil
      self.perform(self.state.timerFired(now: .now), context)
    }
  }
}

/// Sent to a connection whose request outlasted the server's grace.
struct AbandonRequest: Sendable {}

/// Sent to a connection that waits for nothing of ours, where there are too many.
struct MakeRoom: Sendable {}
