// SPDX-License-Identifier: Apache-2.0

extension TmuxClient {
  /// Types `text` at a pane's process, as a paste: in brackets where the process asked for that, line
  /// breaks as they are. A pane that a person is reading back in leaves that mode first.
  ///
  /// Control characters other than line breaks and tabs are left out. What follows must wait a
  /// while (0.5 s has been enough) before ``submit(_:)``, or the paste swallows the key.
  ///
  /// - Throws: ``TmuxError`` with `noSuchTarget` or `paneIsDead`, and nothing was typed.
  package func type(_ text: String, into pane: PaneID) async throws {
    let text = TypedText.withoutControls(text)
    if text.isEmpty { return }
    let buffer = "gastown-" + String(UInt64.random(in: .min ... .max), radix: 36)
    try await guarded(
      pane, operation: "type into the pane \(pane)",
      first: [["load-buffer", "-b", buffer, "-"]],
      whenAlive: "paste-buffer -d -p -r -b \(buffer) -t \(pane)", otherwise: "delete-buffer -b \(buffer)",
      input: Array(text.utf8))
  }

  /// Presses Enter.
  ///
  /// - Throws: ``TmuxError`` with `noSuchTarget` or `paneIsDead`, and nothing was pressed.
  package func submit(_ pane: PaneID) async throws {
    try await guarded(
      pane, operation: "submit to the pane \(pane)", whenAlive: "send-keys -t \(pane) Enter", otherwise: nil)
  }

  /// Does what is only for a live pane. The test and the deed are one step of the server: a paste into
  /// a dead pane ends tmux 3.3a with a segmentation fault, and every session with it.
  private func guarded(
    _ pane: PaneID, operation: String, first: [[String]] = [], whenAlive: String, otherwise: String?,
    input: [UInt8]? = nil
  ) async throws {
    let isAlive = "#{&&:#{==:#{pane_id},\(pane)},#{==:#{pane_dead},0}}"
    let refusal = "display-message -p -t \(pane) 'refused #{pane_dead}'"
    let output = try await call(
      operation,
      first + [
        [
          "if-shell", "-F", "-t", "\(pane)", isAlive,
          "copy-mode -q -t \(pane) ; \(whenAlive) ; display-message -p done",
          otherwise.map { "\($0) ; \(refusal)" } ?? refusal,
        ]
      ], input: input)
    switch output.split(separator: "\n").last {
    case "done": return
    case "refused 1":
      throw TmuxError(.paneIsDead, operation: operation, reason: "the process of the pane has ended")
    default:
      throw TmuxError(.noSuchTarget, operation: operation, reason: "there is no such pane")
    }
  }
}
