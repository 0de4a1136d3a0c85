// SPDX-License-Identifier: Apache-2.0

extension TmuxClient {
  /// Makes a session whose one pane runs `pane.process`, with its mark. The pane remains when the
  /// process ends, also where the server's own setting is otherwise.
  ///
  /// All of it is one call, which the server carries out before it looks at deaths: a command that
  /// ends at once keeps its status.
  ///
  /// - Throws: ``TmuxError`` with `duplicateSession` where the name is taken, and nothing was done
  ///   to that session; `noDirectory` where the directory is not there (tmux itself would start
  ///   the process in the home directory, without a word).
  package func createSession(_ pane: NewPane) async throws -> CreatedPane {
    let operation = "create the session \(pane.session)"
    let session = TmuxTarget.contents(pane.session).argument
    let ours = TmuxTarget.firstPane(pane.session).argument
    let size = pane.size
    return try await start(
      pane.process, operation: operation,
      [
        // -E: what the server's environment has stays, also where a person's `update-environment` would take it away,
        // as this client has none of it.
        ["new-session", "-d", "-E", "-P", "-F", CreatedPane.format, "-s", pane.session.description]
          + ["-x", "\(size.columns)", "-y", "\(size.rows)"] + words(of: pane.process),
        // Else a person's own setting ends the session as soon as this client has gone.
        ["set-option", "-t", session, "destroy-unattached", "off"],
        ["set-option", "-p", "-t", ours, "remain-on-exit", "on"],
        // What is typed at the agent is typed at nothing else.
        ["set-option", "-p", "-t", ours, "synchronize-panes", "off"],
        // Clients would be told of every change of what runs there.
        ["set-option", "-w", "-t", ours, "automatic-rename", "off"],
        ["set-option", "-p", "-F", "-t", ours, PaneMark.option, pane.mark.format],
        Self.keepingLastWords(of: ours),
      ])
  }

  /// A command that keeps what a process prints just before its end, for a pane without a pipe.
  ///
  /// tmux 3.3a drops what it has not read when it hears of a child's end: 41 of 400 processes that
  /// printed and ended lost their last words. Where the pane has a pipe it reads on: 0 of 400 did.
  static func keepingLastWords(of target: String) -> [String] {
    ["if-shell", "-F", "-t", target, "#{pane_pipe}", "", "pipe-pane -t '\(target)' 'exec cat >/dev/null'"]
  }

  /// Starts `process` in a pane whose process has ended. Clients stay attached.
  ///
  /// The mark is set in the same call, so that no pane of ours is ever without one.
  ///
  /// - Parameters:
  ///   - mark: what the pane carries from now on; `nil` leaves what is there.
  ///   - server: the pid of the server whose pane is meant: ids repeat when a server is started anew. Where another one
  ///     answers, nothing is done.
  /// - Throws: ``TmuxError`` with `paneIsAlive` where the process lives, or `otherServer`, and nothing was done.
  package func respawn(
    _ pane: PaneID, _ process: PaneProcess, mark: PaneMark? = nil, on server: Int32? = nil
  ) async throws -> CreatedPane {
    let commands =
      [["respawn-pane", "-t", "\(pane)"] + words(of: process)] + marking(pane, mark)
      + [identify(pane), Self.keepingLastWords(of: "\(pane)")]
    let operation = "respawn the pane \(pane)"
    guard let server else { return try await start(process, operation: operation, commands) }
    // The test and the deed are one step of the server, and one process.
    return try await start(
      process, operation: operation,
      [
        [
          "if-shell", "-F", "-t", "\(pane)", "#{==:#{pid},\(server)}", TmuxArgument.nested(commands),
          "display-message -p '\(Self.otherServer)'",
        ]
      ])
  }

  private static let otherServer = "another server"

  /// Starts `process` in a pane and ends the process that may live there: tmux hangs up on it, and
  /// what ignores that survives without a terminal.
  package func replaceLiveProcess(
    of pane: PaneID, with process: PaneProcess, mark: PaneMark? = nil
  ) async throws -> CreatedPane {
    try await start(
      process, operation: "replace the process of the pane \(pane)",
      [["respawn-pane", "-k", "-t", "\(pane)"] + words(of: process)] + marking(pane, mark)
        + [identify(pane), Self.keepingLastWords(of: "\(pane)")])
  }

  /// The commands that mark a pane and let it remain. Other panes of its window, which may be a person's,
  /// go with their processes as before.
  private func marking(_ pane: PaneID, _ mark: PaneMark?) -> [[String]] {
    guard let mark else { return [] }
    return [
      ["set-option", "-p", "-F", "-t", "\(pane)", PaneMark.option, mark.format],
      ["set-option", "-p", "-t", "\(pane)", "remain-on-exit", "on"],
    ]
  }

  private func start(
    _ process: PaneProcess, operation: String, _ commands: [[String]]
  ) async throws -> CreatedPane {
    if let defect = process.defect {
      throw TmuxError(.invalidArgument, operation: operation, reason: defect)
    }
    // The client is started in the directory as well, so that a missing one is found out here.
    let output = try await call(operation, commands, directory: process.directory)
    guard output != "\(Self.otherServer)\n" else {
      throw TmuxError(.otherServer, operation: operation, reason: "the tmux server was started anew")
    }
    // A person's hooks may print something of their own.
    guard let created = output.split(separator: "\n").compactMap({ CreatedPane(line: $0) }).first else {
      throw TmuxError(.unreadable, operation: operation, reason: "no pane in '\(output)'")
    }
    return created
  }

  private func words(of process: PaneProcess) -> [String] {
    ["-c", TmuxArgument.literal(inFormat: process.directory)]
      + TmuxArgument.environment(process.environment) + TmuxArgument.paneCommand(process.argv)
  }

  private func identify(_ pane: PaneID) -> [String] {
    ["display-message", "-p", "-t", "\(pane)", CreatedPane.format]
  }
}
