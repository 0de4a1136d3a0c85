// SPDX-License-Identifier: Apache-2.0

/// All of one run, as `.build/bench/results.json` has it.
struct Results: Codable {
  var machine: Machine
  var isQuick: Bool
  var measurements: [Measurement] = []
  /// Where the time of a death goes.
  var profiles: [Profile]? = []
  /// What could not be measured, and why.
  var failures: [String] = []
}

/// One thing that was measured, of ours and of what people would use instead, in the same minutes.
struct Measurement: Codable {
  /// In the order of the table.
  enum Kind: String, Codable, CaseIterable {
    case death, mass, beatTime, beatProcesses, start, idleProcessor, idleWakeups
    case anonymousMemory, residentMemory, freshAnonymousMemory, freshResidentMemory
  }

  struct Alternative: Codable {
    var name: String
    var figure: Figure
  }

  var kind: Kind
  /// How many agents there were.
  var agents: Int
  var store: Store
  /// Of every figure: `ms`, `processes`, `MB`, `per minute`.
  var unit: String
  var ours: Figure
  var alternatives: [Alternative]

  enum Store: String, Codable { case embedded, bd }
}

extension Measurement.Store {
  var words: String {
    switch self {
    case .embedded: "embedded store"
    case .bd: "bd"
    }
  }
}
