// SPDX-License-Identifier: Apache-2.0

package import Town

/// A tmux server that no look has seen since the settings were read: what was meant for it is not done, since it could
/// reach another server.
package struct UnknownServer: Error, Sendable, Hashable, CustomStringConvertible {
  package var identity: ServerIdentity

  package var description: String { "the tmux server with pid \(identity.pid) has not been seen; nothing was sent" }
}
