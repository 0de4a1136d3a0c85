// SPDX-License-Identifier: Apache-2.0

package import Control
import Glibc
package import Supervision
import Town

/// The town's events as the control socket tells them.
package enum WatchedEvents {
  /// What a request asks for; its first reply is the stream's own.
  ///
  /// - Throws: `ControlFailure` where it names an event that there is not, or too many watch already.
  package static func stream(
    _ request: Watch, feed: EventFeed, town: String
  ) throws(ControlFailure) -> ControlStream<Watch.Reply> {
    let kinds = request.events.map { Set($0.compactMap(EventKind.init(rawValue:))) }
    if let names = request.events, !names.allSatisfy({ EventKind(rawValue: $0) != nil }) {
      throw .invalidParameter(parameter: "events")
    }
    let (agent, rig) = (request.agent, request.rig)
    let subscription: EventSubscription
    do throws(EventFeed.Full) {
      subscription = try feed.subscribe(recent: request.recent == true) { event in
        kinds?.contains(event.kind) != false && (agent == nil || event.agent?.address == agent)
          && (rig == nil || event.agent?.rig == rig)
      }
    } catch {
      throw .busy
    }
    var started = Watch.Reply(
      event: Watch.started, time: LiveTown.wallClock().description, sequence: subscription.sequence, town: town,
      message: "watching \(town)")
    started.pid = getpid()
    let beginning = First(started)
    return ControlStream {
      if let first = await beginning.take() { return first }
      return await subscription.next().map { reply($0, town: town) }
    }
  }

  package static func reply(_ delivery: EventFeed.Delivery, town: String) -> Watch.Reply {
    let event = delivery.entry.event
    var reply = Watch.Reply(
      event: event.kind.rawValue, time: delivery.entry.time.description, sequence: delivery.entry.sequence, town: town,
      message: displayable(event.message))
    reply.lost = delivery.lost
    reply.agent = event.agent?.address
    reply.rig = event.agent?.rig
    reply.session = event.agent?.session
    reply.unit = event.unit
    reply.bead = event.bead
    reply.pid = event.pid
    switch event.cause {
    case .exited(let status)?: reply.exitStatus = status
    case .signalled(let signal)?: reply.exitSignal = signal
    case .serverGone?, .sessionGone?, .shellLeft?, nil: break
    }
    reply.restartCount = event.restarts
    reply.reason = event.reason
    reply.capsule = event.capsule
    reply.lastWords = event.lastWords
    return reply
  }

  /// What is given once.
  private actor First {
    private var reply: Watch.Reply?

    init(_ reply: Watch.Reply) { self.reply = reply }

    func take() -> Watch.Reply? {
      defer { reply = nil }
      return reply
    }
  }
}
