// SPDX-License-Identifier: Apache-2.0

/// A pane whose text is wanted.
package struct PaneCapture: Sendable, Hashable {
  /// What a pane's id alone does not tell: ids repeat when a server is started anew, and a pane may
  /// have been given to another process.
  package struct Process: Sendable, Hashable {
    /// The server's pid.
    package var server: Int32
    /// The pane's own process, alive or dead.
    package var pid: Int32

    package init(server: Int32, pid: Int32) {
      self.server = server
      self.pid = pid
    }
  }

  package var pane: PaneID
  /// How many lines at most, the last ones, scrollback included.
  package var lines: Int
  /// Where it is named, the text is only taken while exactly this is in the pane.
  package var process: Process?

  package init(_ pane: PaneID, lines: Int, of process: Process? = nil) {
    self.pane = pane
    self.lines = lines
    self.process = process
  }
}

/// The text of a pane, with what tmux knew besides.
package struct CapturedPane: Sendable, Hashable {
  package var lines: [String]
  /// When the pane's process ended, in seconds since 1970; `nil` where it lives, or tmux does not say.
  package var deadTime: Int?
  /// The version of tmux.
  package var version: String
}

extension TmuxClient {
  /// The last lines of several panes, alive or dead, in one process for every 64 of them. Lines
  /// that were wrapped are joined, spaces at their ends and empty lines at the end left out. A pane
  /// that is not there is not in the result.
  @concurrent package func capture(panes captures: [PaneCapture]) async throws -> [PaneID: [String]] {
    try await captureWithFacts(panes: captures).mapValues(\.lines)
  }

  /// The same, with what tmux knows of each pane.
  @concurrent package func captureWithFacts(panes captures: [PaneCapture]) async throws -> [PaneID: CapturedPane] {
    var texts: [PaneID: CapturedPane] = [:]
    // tmux takes 16 KB of words a call.
    for start in stride(from: 0, to: captures.count, by: 64) {
      let batch = captures[start..<min(start + 64, captures.count)]
      let transcript = CaptureTranscript()
      let output = try await call("capture \(batch.count) panes", batch.map { transcript.command($0) })
      let lines = output.split(separator: "\n", omittingEmptySubsequences: false)
      for capture in batch {
        texts[capture.pane] = transcript.text(of: capture, in: lines)
      }
    }
    return texts
  }
}
