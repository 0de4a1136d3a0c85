// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Testing

@testable import Control

/// A daemon's place taken by a script: one reply for each connection, or none and the end of it.
final class ScriptedPeer: Sendable {
  private let directory: SocketDirectory
  private let count: AsyncStream<Int>

  init(_ replies: [String?], terminator: String = "\0") throws {
    directory = try SocketDirectory()
    let socket = try ListeningSocket.bind(directory.socket)
    _ = fcntl(socket.descriptor, F_SETFL, 0)
    let (count, continuation) = AsyncStream.makeStream(of: Int.self)
    self.count = count
    DispatchQueue(label: "scripted-peer").async {
      var served = 0
      for reply in replies {
        let connection = accept(socket.descriptor, nil, nil)
        guard connection >= 0 else { break }
        var byte: UInt8 = 1
        while byte != 0, recv(connection, &byte, 1, 0) == 1 {}
        if let reply {
          let bytes = Array((reply + terminator).utf8)
          _ = send(connection, bytes, bytes.count, Int32(MSG_NOSIGNAL))
        }
        close(connection)
        served += 1
      }
      close(socket.descriptor)
      continuation.yield(served)
      continuation.finish()
    }
  }

  var client: ControlClient { ControlClient(socketPath: directory.socket, town: "/town") }

  /// How many connections there were, when the script is at its end.
  func ended() async -> Int {
    for await count in count { return count }
    return 0
  }
}
