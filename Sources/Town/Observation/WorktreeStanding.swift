// SPDX-License-Identifier: Apache-2.0

/// On which repository git works when it is called in an agent's directory.
package enum WorktreeStanding: Sendable, Hashable {
  /// On the directory's own; or the agent's rig has no repository, and a plain directory is all there is to have.
  case sound
  /// On none or on another, until the link between the worktree and its rig's repository is written anew. That loses
  /// nothing. Why.
  case mendable(String)
  /// On none or on another, and nothing that is sure to lose nothing would mend it. Why.
  case broken(String)

  /// Why no agent may be put into the directory; `nil` where one may, after the link was mended where need be.
  package var objection: String? {
    if case .broken(let reason) = self { reason } else { nil }
  }
}
