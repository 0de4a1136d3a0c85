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

  /// Ends the session of a pane whose process has ended, unless another pane of the session lives: a person may have
  /// split one off. Then nothing is done, and the dead pane remains, in which the next process can be started.
  ///
  /// The test and the deed are one step of the server.
  ///
  /// - Parameters:
  ///   - sessionID: which no other session has had or will have in the life of one server.
  ///   - pid: of the pane's process; a pane that was given another one meanwhile stays, with its session.
  /// - Returns: whether the session was ended.
  /// - Throws: ``TmuxError`` with `noSuchTarget` where there is no such session.
  package func kill(sessionID: String, of pane: PaneID, withProcess pid: Int32) async throws -> Bool {
    let others = "#{W:#{P:#{?#{||:#{pane_dead},#{==:#{pane_id},\(pane)}},,1}}}"
    let output = try await call(
      "kill the session \(sessionID)",
      [
        [
          "if-shell", "-F", "-t", "\(pane)", "#{&&:#{==:#{pane_id} #{pane_pid},\(pane) \(pid)},#{==:\(others),}}",
          TmuxArgument.nested([["kill-session", "-t", sessionID], ["display-message", "-p", "killed"]]),
        ]
      ])
    return output.split(separator: "\n").contains("killed")
  }

  /// Ends exactly this session. tmux hangs up on its processes; what ignores that survives.
  ///
  /// - Throws: ``TmuxError`` with `noSuchTarget` where there is none of this name.
  package func kill(session: SessionName) async throws {
    _ = try await call(
      "kill the session \(session)", [["kill-session", "-t", TmuxTarget.session(session).argument]])
  }
}
