// SPDX-License-Identifier: Apache-2.0

/// What a test waited for did not come.
package struct NotInTime: Error, CustomStringConvertible {
  package let description: String

  package init(description: String) {
    self.description = description
  }
}

/// Waits until `condition` holds, for things outside our process that cannot be awaited. The limit is
/// generous, as it is only reached by a failure.
package func eventually(
  _ what: String, within limit: Duration = .seconds(30), every step: Duration = .milliseconds(10),
  isolation: isolated (any Actor)? = #isolation, _ condition: () async throws -> Bool
) async throws {
  let end = ContinuousClock.now + limit
  while try await !condition() {
    if ContinuousClock.now >= end { throw NotInTime(description: "\(what): not within \(limit)") }
    try await Task.sleep(for: step)
  }
}

/// As the other, for a value that is not there at first.
package func eventually<Value>(
  _ what: String, within limit: Duration = .seconds(30), every step: Duration = .milliseconds(10),
  isolation: isolated (any Actor)? = #isolation, get value: () async throws -> Value?
) async throws -> Value {
  let end = ContinuousClock.now + limit
  while true {
    if let found = try await value() { return found }
    if ContinuousClock.now >= end { throw NotInTime(description: "\(what): not within \(limit)") }
    try await Task.sleep(for: step)
  }
}
