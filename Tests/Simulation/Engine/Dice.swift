// SPDX-License-Identifier: Apache-2.0

/// Numbers that look random and follow from a seed alone (SplitMix64).
package struct Dice: RandomNumberGenerator, Sendable {
  private var state: UInt64

  package init(seed: UInt64) { state = seed }

  package mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
    return mixed ^ (mixed >> 31)
  }

  /// A number of `range`.
  package mutating func roll<Number: FixedWidthInteger>(_ range: ClosedRange<Number>) -> Number {
    Number.random(in: range, using: &self)
  }

  /// A span of so many milliseconds.
  package mutating func span(_ range: ClosedRange<Int64>) -> Int64 { roll(range) }

  /// Whether something comes to pass that does so `percent` times in a hundred.
  package mutating func chance(_ percent: Int) -> Bool { roll(1...100) <= percent }

  /// One of several.
  package mutating func pick<Element>(_ choices: [Element]) -> Element { choices[roll(0...choices.count - 1)] }

  /// One of several, each as often as its weight says.
  package mutating func pick<Element>(weighted choices: [(Int, Element)]) -> Element {
    var left = roll(1...choices.reduce(0) { $0 + $1.0 })
    for (weight, choice) in choices {
      left -= weight
      if left <= 0 { return choice }
    }
    return choices[choices.count - 1].1
  }
}
