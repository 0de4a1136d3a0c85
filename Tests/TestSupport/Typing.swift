// SPDX-License-Identifier: Apache-2.0

package import Tmux

extension TmuxClient {
  /// Types at whatever the pane shows.
  package func type(_ text: String, into pane: PaneID) async throws {
    try await type(text, into: pane, in: try await view(of: pane).state)
  }

  /// Presses Enter whatever the pane shows.
  package func submit(_ pane: PaneID) async throws {
    try await submit(pane, in: try await view(of: pane).state)
  }
}
