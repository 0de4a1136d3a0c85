// SPDX-License-Identifier: Apache-2.0

/// The clients that are attached to a server, and what the server ends when the last of them detaches.
package struct TmuxAttachments: Sendable, Hashable {
  package struct Client: Sendable, Hashable {
    /// As `-t` of the commands for clients takes it.
    package var name: String
    package var pid: Int32
    /// Whether it is a control-mode client, not a terminal.
    package var isControlMode: Bool
    package var session: String

    package init(name: String, pid: Int32, isControlMode: Bool, session: String) {
      self.name = name
      self.pid = pid
      self.isControlMode = isControlMode
      self.session = session
    }

    /// A format for ``init(line:)``. The session's name comes last: it may hold anything.
    static let format = "#{client_control_mode}|#{client_pid}|#{client_name}|#{session_name}"

    init?(line: some StringProtocol) {
      let field = line.split(separator: "|", maxSplits: 3, omittingEmptySubsequences: false)
      guard field.count == 4, let pid = Int32(field[1]) else { return nil }
      self.init(name: String(field[2]), pid: pid, isControlMode: field[0] == "1", session: String(field[3]))
    }
  }

  /// Of the server that runs, such as `3.5a`.
  package var version: String
  /// Whether the server ends when no client is attached, sessions or not.
  package var exitsUnattached: Bool
  /// Whether its sessions end when the last client of them detaches, unless they have an option of their own.
  package var destroysUnattached: Bool
  /// The sessions that end when the last of their clients detaches.
  package var destroyedUnattached: [String]
  package var clients: [Client]

  package init(
    version: String, exitsUnattached: Bool, destroysUnattached: Bool, destroyedUnattached: [String], clients: [Client]
  ) {
    self.version = version
    self.exitsUnattached = exitsUnattached
    self.destroysUnattached = destroysUnattached
    self.destroyedUnattached = destroyedUnattached
    self.clients = clients
  }
}

extension TmuxClient {
  /// The attached clients. Errors are those of ``panes()``, and `noServer` where no server listens.
  package func attachments() async throws -> TmuxAttachments {
    let operation = "list clients"
    let output = try await call(
      operation,
      [
        ["display-message", "-p", "#{version}|#{exit-unattached}"],
        ["show-options", "-g", "destroy-unattached"],
        // A flag up to tmux 3.4, a word from 3.5 on. Names come last: they may hold anything.
        ["list-sessions", "-F", "session|#{destroy-unattached}|#{session_name}"],
        ["list-clients", "-F", "client|" + TmuxAttachments.Client.format],
      ])
    let lines = output.split(separator: "\n")
    let facts = (lines.first ?? "").split(separator: "|", omittingEmptySubsequences: false)
    guard facts.count == 2, lines.count > 1, lines[1].hasPrefix("destroy-unattached ") else {
      throw TmuxError(.unreadable, operation: operation, reason: "no options in '\(output.prefix(200))'")
    }
    let sessions = lines.dropFirst(2).filter { $0.hasPrefix("session|") }.map {
      $0.split(separator: "|", maxSplits: 2, omittingEmptySubsequences: false)
    }
    return TmuxAttachments(
      version: String(facts[0]), exitsUnattached: facts[1] == "1",
      destroysUnattached: Self.isOn(lines[1].dropFirst("destroy-unattached ".count)),
      destroyedUnattached: sessions.filter { $0.count == 3 && Self.isOn($0[1]) }.map { String($0[2]) },
      clients: lines.compactMap {
        $0.hasPrefix("client|") ? TmuxAttachments.Client(line: $0.dropFirst("client|".count)) : nil
      })
  }

  private static func isOn(_ value: some StringProtocol) -> Bool { !["", "0", "off"].contains(String(value)) }
}

extension TmuxClient {
  /// The commands of tmux itself that the server has been told to take for something else (`command-alias`), by the
  /// option's index. A definition of a name that is no command of tmux's is a person's own, and changes nothing of
  /// ours. Errors are those of ``panes()``, and `noServer` where no server listens.
  package func redefinedCommands() async throws -> [(index: Int, name: String)] {
    let lines = try await call(
      "list the redefined commands",
      [["show-options", "-s", "command-alias"], ["list-commands", "-F", "command|#{command_list_name}"]]
    ).split(separator: "\n")
    let commands = Set(lines.filter { $0.hasPrefix("command|") }.map { $0.dropFirst("command|".count) })
    return lines.compactMap { line in
      guard line.hasPrefix("command-alias["), let end = line.firstIndex(of: "]"),
        let index = Int(line[..<end].dropFirst("command-alias[".count))
      else { return nil }
      // A value that holds a space is in quotes.
      let name = line[end...].dropFirst(2).drop { $0 == "\"" || $0 == "'" }.prefix { $0 != "=" }
      return commands.contains(name) ? (index, String(name)) : nil
    }
  }
}
