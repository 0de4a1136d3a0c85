// SPDX-License-Identifier: Apache-2.0

/// A number and what it counts, as in "1 session" and "2 sessions".
package func counted(_ count: Int, _ one: String, _ several: String? = nil) -> String {
  "\(count) \(count == 1 ? one : several ?? one + "s")"
}
