// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Clients that wait at a socket that the service manager holds, when no daemon is going to serve them.
package enum PendingClients {
  /// Tells each of them that it is refused, and why. Without this the manager would start us again for
  /// the same clients, over and over.
  ///
  /// - Parameter descriptor: a listening socket; it is left open, and no longer blocks.
  package static func refuse(at descriptor: Int32, because reason: String) {
    guard let reply = try? ControlJSON.encode(FailureEnvelope(.refused(message: reason))) else { return }
    let bytes = Array(reply) + [0]
    _ = fcntl(descriptor, F_SETFL, fcntl(descriptor, F_GETFL) | O_NONBLOCK)
    while true {
      let client = accept(descriptor, nil, nil)
      guard client >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        return
      }
      _ = fcntl(client, F_SETFL, fcntl(client, F_GETFL) | O_NONBLOCK)
      // Bytes that nobody has read would turn the reply into a reset.
      var request = [UInt8](repeating: 0, count: 1 << 16)
      while recv(client, &request, request.count, 0) > 0 {}
      _ = send(client, bytes, bytes.count, Int32(MSG_NOSIGNAL))
      close(client)
    }
  }
}
