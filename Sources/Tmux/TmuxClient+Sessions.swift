// SPDX-License-Identifier: Apache-2.0

extension TmuxClient {
  /// Puts our mark on a pane that others made, and lets the pane and the last words of its process
  /// remain when that ends. Other panes of its window are left as they are.
  ///
  /// The test and the deed are one step of the server: a pane that was started anew meanwhile stays as it is.
  ///
  /// - Parameter pid: of the pane's first process.
  /// - Throws: ``TmuxError`` with `noSuchTarget` where there is no such pane with that process, and nothing was
  ///   done.
  package func setMark(_ mark: PaneMark, on pane: PaneID, of pid: Int32) async throws {
    let operation = "mark the pane \(pane)"
    let same = "#{&&:#{==:#{pane_id},\(pane)},#{==:#{pane_pid},\(pid)}}"
    let output = try await call(
      operation,
      [
        [
          "if-shell", "-F", "-t", "\(pane)", same,
          "set-option -p -F -t \(pane) \(PaneMark.option) '\(mark.format)' ; "
            + "set-option -p -t \(pane) remain-on-exit on ; "
            + "if-shell -F -t \(pane) '#{pane_pipe}' '' \"pipe-pane -t '\(pane)' 'exec cat >/dev/null'\" ; "
            + "display-message -p done",
          "display-message -p refused",
        ]
      ])
    guard output.split(separator: "\n").last == "done" else {
      throw TmuxError(.noSuchTarget, operation: operation, reason: "the pane is not what it was")
    }
  }

  /// Takes our mark off a pane; no error where there was none.
  package func clearMark(of pane: PaneID) async throws {
    _ = try await call(
      "clear the mark of the pane \(pane)", [["set-option", "-p", "-u", "-t", "\(pane)", PaneMark.option]])
  }

  /// Ends the session of this id, which no other has had or will have in the life of one server.
  ///
  /// - Throws: ``TmuxError`` with `noSuchTarget` where there is none.
  package func kill(sessionID: String) async throws {
    _ = try await call("kill the session \(sessionID)", [["kill-session", "-t", sessionID]])
  }

  /// Ends exactly this session. tmux hangs up on its processes; what ignores that survives.
  ///
  /// - Throws: ``TmuxError`` with `noSuchTarget` where there is none of this name.
  package func kill(session: SessionName) async throws {
    _ = try await call(
      "kill the session \(session)", [["kill-session", "-t", TmuxTarget.session(session).argument]])
  }
}
