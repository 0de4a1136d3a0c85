// SPDX-License-Identifier: Apache-2.0

/// What was asked for is not possible now, and may be later: nothing is wrong with the request.
struct TryLater: Error, Sendable, Hashable, CustomStringConvertible {
  var description: String
  init(_ description: String) { self.description = description }
}
