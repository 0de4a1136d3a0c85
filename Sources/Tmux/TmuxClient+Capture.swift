// SPDX-License-Identifier: Apache-2.0

/// A pane whose text is wanted.
package struct PaneCapture: Sendable, Hashable {
  package var pane: PaneID
  /// How many lines at most, the last ones, scrollback included.
  package var lines: Int

  package init(_ pane: PaneID, lines: Int) {
    self.pane = pane
    self.lines = lines
  }
}

extension TmuxClient {
  /// The last lines of several panes, alive or dead, in one process for every 64 of them. Lines
  /// that were wrapped are joined, spaces at their ends and empty lines at the end left out. A pane
  /// that is not there is not in the result.
  @concurrent package func capture(panes captures: [PaneCapture]) async throws -> [PaneID: [String]] {
    var texts: [PaneID: [String]] = [:]
    // tmux takes 16 KB of words a call.
    for start in stride(from: 0, to: captures.count, by: 64) {
      let batch = captures[start..<min(start + 64, captures.count)]
      let transcript = CaptureTranscript()
      let output = try await call("capture \(batch.count) panes", batch.map(transcript.command), isReading: true)
      for capture in batch {
        texts[capture.pane] = transcript.lines(of: capture, in: output)
      }
    }
    return texts
  }
}
