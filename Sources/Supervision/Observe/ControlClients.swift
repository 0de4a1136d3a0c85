// SPDX-License-Identifier: Apache-2.0

package import Commands
internal import Synchronization
internal import Tmux

/// The lasting tmux clients of one process, at most one for each server, also across a change of the
/// settings. Only who stays for long has any use for them.
package final class ControlClients: Sendable {
  private let starter: any ConversationStarter
  private let clients = Mutex<[TmuxServer: ControlClient]>([:])

  package init(starter: any ConversationStarter) { self.starter = starter }

  func client(of server: TmuxServer, deadline: Duration) -> ControlClient {
    clients.withLock { clients in
      if let client = clients[server] { return client }
      let client = ControlClient(server: server, starter: starter, limit: deadline)
      clients[server] = client
      return client
    }
  }

  /// Ends all of them, for good, and returns when their processes have ended.
  package func end() async {
    let clients = clients.withLock { Array($0.values) }
    await withTaskGroup { group in
      for client in clients { group.addTask { await client.end() } }
    }
  }
}
