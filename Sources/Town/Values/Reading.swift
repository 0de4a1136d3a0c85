// SPDX-License-Identifier: Apache-2.0

/// What was read of the world, or why it could not be read.
///
/// `unknown` is not "absent": nothing is ever acted upon, and nothing claimed, because of it.
package enum Reading<Value: Sendable>: Sendable {
  case known(Value)
  /// The reason names what was attempted and why it failed.
  case unknown(String)

  package var value: Value? {
    if case .known(let value) = self { value } else { nil }
  }

  package var failure: String? {
    if case .unknown(let reason) = self { reason } else { nil }
  }

  package func map<Other: Sendable>(_ transform: (Value) throws -> Other) rethrows -> Reading<Other> {
    switch self {
    case .known(let value): .known(try transform(value))
    case .unknown(let reason): .unknown(reason)
    }
  }
}

extension Reading: Equatable where Value: Equatable {}
extension Reading: Hashable where Value: Hashable {}
