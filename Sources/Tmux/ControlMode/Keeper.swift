// SPDX-License-Identifier: Apache-2.0

/// The session that a lasting client is attached to: control mode needs one, and no agent's session
/// is to have a client that is none of a person's.
package enum Keeper {
  /// No agent's session has this name: theirs begin with `gt-`.
  package static let session = "gastown-keeper"

  /// The command that makes the session where it is missing, and attaches to it.
  ///
  /// It is told of no pane's output and counts for no window's size. The process in the session has no
  /// environment and does nothing. Without a status line tmux has no timer for it.
  ///
  /// It stays when its last client goes: tmux 3.3a ends with a segmentation fault, and every session with
  /// it, where `destroy-unattached` removes the session of a control client that has just vanished.
  static let commands: [[String]] = [
    ["new-session", "-A", "-s", session, "-f", "no-output,ignore-size", "-x", "80", "-y", "24", "-c", "/"]
      + ["/usr/bin/env", "-i", "sleep", "infinity"],
    ["set-option", "-t", "=\(session):", "status", "off"],
  ]
}
