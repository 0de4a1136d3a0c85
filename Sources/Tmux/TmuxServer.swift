// SPDX-License-Identifier: Apache-2.0

/// The address of one tmux server.
package enum TmuxServer: Sendable, Hashable {
  /// A socket at this path, `tmux -S`.
  case path(String)
  /// A socket of this name in the user's directory for them, `tmux -L`.
  case name(String)
  /// The server that a bare `tmux` talks to.
  case `default`

  /// Reads a setting as a person writes it: a path where it holds a `/`, `default`, else a name.
  /// `nil` where it is empty.
  package init?(setting: String) {
    if setting.isEmpty { return nil }
    if setting.contains("/") {
      self = .path(setting)
    } else if setting == "default" {
      self = .default
    } else {
      self = .name(setting)
    }
  }

  /// What the command line of every call to this server begins with.
  package var arguments: [String] {
    switch self {
    case .path(let path): ["-S", path]
    case .name(let name): ["-L", name]
    // Named outright: a bare `tmux` inside a pane would follow $TMUX to another server.
    case .default: ["-L", "default"]
    }
  }

  /// Where the server's socket is.
  ///
  /// - Parameters:
  ///   - userID: the user whose server it is.
  ///   - temporaryDirectory: that user's `TMUX_TMPDIR`; tmux falls back to `/tmp`.
  package func socketPath(userID: UInt32, temporaryDirectory: String?) -> String {
    var directory = temporaryDirectory ?? ""
    if directory.isEmpty { directory = "/tmp" }
    if directory.count > 1, directory.hasSuffix("/") { directory.removeLast() }
    return switch self {
    case .path(let path): path
    case .name(let name): "\(directory)/tmux-\(userID)/\(name)"
    case .default: "\(directory)/tmux-\(userID)/default"
    }
  }
}

extension TmuxServer: CustomStringConvertible {
  package var description: String {
    switch self {
    case .path(let path): path
    case .name(let name): name
    case .default: "default"
    }
  }
}
