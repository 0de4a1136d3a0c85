// SPDX-License-Identifier: Apache-2.0

/// A worktree in which no agent may work at present: what it would do there might be lost.
package struct UnfitWorktree: Error, Sendable, CustomStringConvertible {
  package var description: String
}
