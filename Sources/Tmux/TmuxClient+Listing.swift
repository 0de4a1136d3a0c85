// SPDX-License-Identifier: Apache-2.0

import Commands

extension TmuxClient {
  /// Which life of the server answers; `nil` where no server listens at the address. Errors are those of ``panes()``.
  package func identity() async throws -> ServerLife? {
    let operation = "identify the tmux server \(server)"
    let result = try await run(
      [["display-message", "-p", PaneListing.serverFormat]], operation: operation)
    guard result.succeeded else {
      let error = TmuxError(result, operation: operation)
      if error.code == .noServer { return nil }
      throw error
    }
    let line = result.output.split(separator: "\n").first ?? ""
    guard let identity = PaneListing.server(line) else {
      throw TmuxError(.unreadable, operation: operation, reason: "no server in '\(line)'")
    }
    return identity
  }

  /// The server's version, such as `3.5a`. Errors are those of ``panes()``.
  package func version() async throws -> String {
    let output = try await call(
      "ask for the version", [["display-message", "-p", "#{version}"]])
    return String(output.prefix { $0 != "\n" })
  }

  /// Every pane of every session. No server at the address is an answer, ``ServerListing/noServer``; a refusal, or no
  /// answer in time, is an error.
  @concurrent package func panes() async throws -> ServerListing {
    let operation = "list panes on the tmux server \(server)"
    let result = try await run(
      [
        ["display-message", "-p", PaneListing.serverFormat],
        ["list-panes", "-a", "-F", PaneListing.format],
      ],
      operation: operation)
    let lines = result.output.split(separator: "\n")
    if !result.succeeded {
      let error = TmuxError(result, operation: operation)
      guard error.code == .noServer else { throw error }
      // On a server without sessions `list-panes` has no target and fails, but the first command
      // has answered.
      guard let line = lines.first, result.errors.containsBytes(of: "no current target"),
        let identity = PaneListing.server(line)
      else { return .noServer }
      return .server(identity, [])
    }
    guard let first = lines.first, let identity = PaneListing.server(first) else {
      throw TmuxError(.unreadable, operation: operation, reason: "no server in \(excerpt(lines.first ?? ""))")
    }
    let panes = try lines.dropFirst().map { line -> Pane in
      guard let pane = PaneListing.pane(line) else {
        throw TmuxError(.unreadable, operation: operation, reason: "no pane in \(excerpt(line))")
      }
      return pane
    }
    return .server(identity, panes)
  }
}

/// The beginning of a line that is none of tmux's, which may be of any length.
private func excerpt(_ line: Substring) -> String { "'\(line.prefix(200))'" }
