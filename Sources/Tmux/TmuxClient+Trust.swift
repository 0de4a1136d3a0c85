// SPDX-License-Identifier: Apache-2.0

import Trust

/// A `tmux` client does what its server tells it: it reads files for it, and writes them. So no client is started for
/// a server before it is known to be the user's own.
extension TmuxClient {
  /// What the command line of every call begins with: the very path that was judged.
  package var arguments: [String] { trust == nil ? server.arguments : ["-S", socketPath] }

  /// Looks at the socket and at the process that listens on it.
  ///
  /// - Throws: `TmuxError`, `.noServer` where none listens, `.refused` where it may be another user's.
  package func checkServer(_ operation: String) throws(TmuxError) {
    if let objection = objection(operation) { throw objection }
  }

  /// Why nothing may be asked of the server; `nil` where it may.
  func objection(_ operation: String) -> TmuxError? {
    guard let trust else { return nil }
    switch trust.standing(ofSocket: socketPath) {
    case .listening: return nil
    case .silent: return TmuxError(.noServer, operation: operation, reason: "no server running on \(socketPath)")
    case .refused(let objection): return TmuxError(.refused, operation: operation, reason: "\(objection)")
    }
  }

  /// Whether a `tmux` is really run, and its server's processes are the kernel's.
  package var isReal: Bool { trust != nil }

  /// The pid of the process that listens at the socket, by the kernel's word; `nil` where that is not known.
  package var listener: Int32? {
    guard case .listening(let peer)? = trust?.standing(ofSocket: socketPath) else { return nil }
    return peer
  }

  /// The same server, asked with another deadline.
  package func with(deadline: Duration) -> TmuxClient {
    var client = self
    client.deadline = deadline
    return client
  }
}
