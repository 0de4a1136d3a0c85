// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The connections that are there, so that a shutdown can speak to each and wait for the last, and that one that wants
/// nothing can make room for one that does.
final class ConnectionRegistry: Sendable {
  /// What a connection is at.
  enum Occupation: Sendable, Hashable {
    /// It has sent no whole request since.
    case waiting(since: ContinuousClock.Instant)
    /// Its request is being answered.
    case working
    /// It is handed events as they happen, since.
    case streaming(since: ContinuousClock.Instant)

    /// Which goes first where there is no room: `nil` for one that stays.
    fileprivate var rank: (Int, ContinuousClock.Instant)? {
      switch self {
      case .waiting(let since): (0, since)
      case .streaming(let since): (1, since)
      case .working: nil
      }
    }
  }

  private struct Contents {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var occupations: [ObjectIdentifier: Occupation] = [:]
    var isDraining = false

    mutating func remove(_ key: ObjectIdentifier) {
      channels[key] = nil
      occupations[key] = nil
    }
  }

  private let contents = Mutex(Contents())

  /// Registers a connection until it closes; one that comes during a drain is notified at once.
  func add(_ channel: any Channel) {
    let key = ObjectIdentifier(channel)
    let isDraining = contents.withLock { contents in
      contents.channels[key] = channel
      contents.occupations[key] = .waiting(since: .now)
      return contents.isDraining
    }
    channel.closeFuture.whenComplete { _ in
      self.contents.withLock { $0.remove(key) }
    }
    if isDraining { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
  }

  func note(_ occupation: Occupation, of channel: any Channel) {
    let key = ObjectIdentifier(channel)
    contents.withLock { contents in
      if contents.channels[key] != nil { contents.occupations[key] = occupation }
    }
  }

  /// Ends the connection that has waited longest without a request, else the eldest stream. A connection is not ended
  /// while its request is being answered or may be arriving.
  ///
  /// - Parameter patience: how long a connection may wait in any case.
  func makeRoom(patience: Duration) {
    let now = ContinuousClock.now
    let channel = contents.withLock { contents in
      let ranked = contents.occupations.compactMap { key, occupation in
        occupation.rank.flatMap { $0.1 + patience <= now ? (key, $0) : nil }
      }
      guard let first = ranked.min(by: { $0.1 < $1.1 }) else { return nil as (any Channel)? }
      // Until it has ended it would be chosen again and again.
      contents.occupations[first.0] = nil
      return contents.channels[first.0]
    }
    channel?.pipeline.fireUserInboundEventTriggered(MakeRoom())
  }

  /// Every connection ends after the reply it is at.
  func drain() {
    let channels = contents.withLock { contents in
      contents.isDraining = true
      return Array(contents.channels.values)
    }
    for channel in channels { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
  }

  /// Every connection ends now, and its request is cancelled.
  func abandon() {
    for channel in current { channel.pipeline.fireUserInboundEventTriggered(AbandonRequest()) }
  }

  /// Returns when no connection is left.
  func allClosed() async {
    while let channel = contents.withLock({ $0.channels.values.first }) {
      try? await channel.closeFuture.get()
      // The other callback of the same future may be yet to come.
      contents.withLock { $0.remove(ObjectIdentifier(channel)) }
    }
  }

  private var current: [any Channel] { contents.withLock { Array($0.channels.values) } }
}
