// SPDX-License-Identifier: Apache-2.0

/// Heartbeats that were asked for, and the callers that wait for their ends.
struct Beats {
  private typealias Waiting = [CheckedContinuation<Void, Never>]

  private var isWanted = false
  /// Callers that wait for the next reading of the beads, those of the present one, and those whose turn was taken and
  /// whose effects are still at work.
  private var coming: Waiting = []
  private var reading: Waiting = []
  private var acting: Waiting = []

  /// Whether a reading of the beads is to begin.
  var isDue: Bool { isWanted || !coming.isEmpty }

  /// Asks for a beat, without waiting for its end.
  mutating func want() { isWanted = true }

  /// Asks for a beat.
  mutating func add(_ waiting: CheckedContinuation<Void, Never>) { coming.append(waiting) }

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
  mutating func settle() {
    for waiting in acting { waiting.resume() }
    acting = []
  }

  /// No beat will come any more.
  mutating func end() {
    for waiting in coming + reading + acting { waiting.resume() }
    (coming, reading, acting) = ([], [], [])
  }
}
