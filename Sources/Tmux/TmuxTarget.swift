// SPDX-License-Identifier: Apache-2.0

/// What a tmux command acts upon, in a form that can only mean that one thing.
///
/// A bare name is matched by prefix and by glob: `-t gt-deacon` also means `gt-deacon-boot`.
/// There is no way to write one here.
enum TmuxTarget: Sendable, Hashable {
  /// A session, for commands that take a session.
  case session(SessionName)
  /// The current pane and window of a session, for commands that take a pane or a window.
  case contents(SessionName)
  /// The pane that a session began with, even if a person's hooks have added others since.
  case firstPane(SessionName)
  case pane(PaneID)

  /// The word that follows `-t`.
  var argument: String {
    switch self {
    case .session(let name): "=\(name)"
    case .contents(let name): "=\(name):"
    case .firstPane(let name): "=\(name):^.{top-left}"
    case .pane(let id): "\(id)"
    }
  }
}
