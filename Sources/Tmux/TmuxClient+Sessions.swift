// SPDX-License-Identifier: Apache-2.0

extension TmuxClient {
  /// Puts our mark on a pane that others made, and lets the pane and the last words of its process
  /// remain when that ends.
  package func setMark(_ mark: PaneMark, on pane: PaneID) async throws {
    _ = try await call(
      "mark the pane \(pane)",
      [
        ["set-option", "-p", "-F", "-t", "\(pane)", PaneMark.option, mark.format],
        ["set-option", "-w", "-t", "\(pane)", "remain-on-exit", "on"],
        Self.keepingLastWords(of: "\(pane)"),
      ])
  }

  /// Takes our mark off a pane; no error where there was none.
  package func clearMark(of pane: PaneID) async throws {
    _ = try await call(
      "clear the mark of the pane \(pane)", [["set-option", "-p", "-u", "-t", "\(pane)", PaneMark.option]])
  }

  /// Ends exactly this session. tmux hangs up on its processes; what ignores that survives.
  ///
  /// - Throws: ``TmuxError`` with `noSuchTarget` where there is none of this name.
  package func kill(session: SessionName) async throws {
    _ = try await call(
      "kill the session \(session)", [["kill-session", "-t", TmuxTarget.session(session).argument]])
  }
}
