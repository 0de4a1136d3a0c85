// SPDX-License-Identifier: Apache-2.0

extension TmuxClient {
  /// Types `text` at a pane's process, as a paste: in brackets where the process asked for that, line
  /// breaks as they are.
  ///
  /// Control characters other than line breaks and tabs are left out. What follows must wait a
  /// while (0.5 s has been enough) before ``submit(_:in:)``, or the paste swallows the key.
  ///
  /// - Parameter state: in which the pane has to be.
  /// - Throws: ``TmuxError`` with `noSuchTarget`, `paneIsDead` or `paneHasChanged`, and nothing was typed.
  package func type(_ text: String, into pane: PaneID, in state: PaneState) async throws {
    let text = TypedText.withoutControls(text)
    if text.isEmpty { return }
    let buffer = "gastown-" + String(UInt64.random(in: .min ... .max), radix: 36)
    try await guarded(
      pane, in: state, operation: "type into the pane \(pane)",
      first: [["load-buffer", "-b", buffer, "-"]],
      whenReady: "paste-buffer -d -p -r -b \(buffer) -t \(pane)", otherwise: "delete-buffer -b \(buffer)",
      input: Array(text.utf8))
  }

  /// Presses Enter.
  ///
  /// - Parameter state: in which the pane has to be.
  /// - Throws: ``TmuxError`` with `noSuchTarget`, `paneIsDead` or `paneHasChanged`, and nothing was pressed.
  package func submit(_ pane: PaneID, in state: PaneState) async throws {
    try await guarded(
      pane, in: state, operation: "submit to the pane \(pane)", whenReady: "send-keys -t \(pane) Enter", otherwise: nil)
  }

  /// Does what is only for a live pane that is as it was when it was looked at. The test and the deed are one step of
  /// the server: what is typed at a question answers it, and a paste into a dead pane ends tmux 3.3a with a
  /// segmentation fault, and every session with it.
  private func guarded(
    _ pane: PaneID, in state: PaneState, operation: String, first: [[String]] = [], whenReady: String,
    otherwise: String?, input: [UInt8]? = nil
  ) async throws {
    let isListening = "#{==:#{pane_id}.#{pane_dead}.#{pane_in_mode},\(pane).0.0}"
    let isReady = "#{&&:\(isListening),\(state.condition)}"
    let refusal = "display-message -p -t \(pane) 'refused #{pane_dead}'"
    let output = try await call(
      operation,
      first + [
        [
          "if-shell", "-F", "-t", "\(pane)", isReady, "\(whenReady) ; display-message -p done",
          otherwise.map { "\($0) ; \(refusal)" } ?? refusal,
        ]
      ], input: input)
    switch output.split(separator: "\n").last {
    case "done": return
    case "refused 0":
      throw TmuxError(
        .paneHasChanged, operation: operation, reason: "the pane has changed since it was looked at; nothing was typed")
    case "refused 1":
      throw TmuxError(.paneIsDead, operation: operation, reason: "the process of the pane has ended")
    default:
      throw TmuxError(.noSuchTarget, operation: operation, reason: "there is no such pane")
    }
  }
}
