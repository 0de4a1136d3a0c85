// SPDX-License-Identifier: Apache-2.0

/// Heartbeats that were asked for, and the callers that wait for their ends, by number.
struct Beats: Sendable {
  private var isWanted = false
  /// Callers that wait for the next reading of the beads, those of the present one, and those whose turn was taken and
  /// whose effects are still at work.
  private var coming: [Int] = []
  private var reading: [Int] = []
  private var acting: [Int] = []

  /// Whether a reading of the beads is to begin.
  var isDue: Bool { isWanted || !coming.isEmpty }

  /// Asks for a beat, without waiting for its end.
  mutating func want() { isWanted = true }

  /// Asks for a beat.
  mutating func add(_ caller: Int) { coming.append(caller) }

  mutating func beginReading() {
    isWanted = false
    reading = coming
    coming = []
  }

  mutating func endReading() {
    acting += reading
    reading = []
  }

  /// All that the beat has set in motion has ended.
  ///
  /// - Returns: the callers that waited for that.
  mutating func settle() -> [Int] {
    defer { acting = [] }
    return acting
  }
}
