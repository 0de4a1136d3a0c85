// SPDX-License-Identifier: Apache-2.0

/// What went wrong in a measurement, in words.
struct Problem: Error, CustomStringConvertible {
  var description: String

  init(_ description: String) { self.description = description }
}
