// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Synchronization

/// The connections that are there, so that a shutdown can speak to each and wait for the last.
final class ConnectionRegistry: Sendable {
  private struct Contents {
    var channels: [ObjectIdentifier: any Channel] = [:]
    var isDraining = false
  }

  private let contents = Mutex(Contents())

  /// Takes a connection in until it closes; one that comes during a drain is told at once.
  func add(_ channel: any Channel) {
    let key = ObjectIdentifier(channel)
    let isDraining = contents.withLock { contents in
      contents.channels[key] = channel
      return contents.isDraining
    }
    channel.closeFuture.whenComplete { _ in
      self.contents.withLock { $0.channels[key] = nil }
    }
    if isDraining { channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent()) }
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
      contents.withLock { $0.channels[ObjectIdentifier(channel)] = nil }
    }
  }

  private var current: [any Channel] { contents.withLock { Array($0.channels.values) } }
}
