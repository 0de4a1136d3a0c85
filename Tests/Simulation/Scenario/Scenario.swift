// SPDX-License-Identifier: Apache-2.0

package import Town

/// One simulation before it is run: a town, and everything that will befall it. It follows from its seed.
package struct Scenario: Sendable {
  package struct Entry: Sendable, Hashable {
    /// Milliseconds after the beginning.
    package var time: Int64
    package var incident: Incident

    package init(time: Int64, incident: Incident) {
      self.time = time
      self.incident = incident
    }
  }

  package var seed: UInt64
  package var rigs: [String]
  /// Polecats and crew; the town's and the rigs' own agents are there in any case.
  package var workers: [AgentIdentity]
  package var hours: Int
  package var extras: Set<Extra> = []
  package var entries: [Entry]

  /// Everybody whom the town's census would find, in its order.
  package var agents: [AgentIdentity] {
    ([.mayor, .deacon] + rigs.flatMap { [.witness(rig: $0), .refinery(rig: $0)] } + workers).sorted()
  }

  package var milliseconds: Int64 { Int64(hours) * 3_600_000 }

  /// A town by its seed, how many hours it lasts, where the seed does not say that, and what befalls it besides.
  package struct Known: Sendable, Hashable {
    package var seed: UInt64
    package var hours: Int?
    package var extras: Set<Extra>

    package init(_ seed: UInt64, hours: Int? = nil, extras: Set<Extra> = []) {
      self.seed = seed
      self.hours = hours
      self.extras = extras
    }
  }

  /// The towns of a text, one on each line: its seed, and after it how many hours it lasts, and the names of extras;
  /// `#` begins a comment.
  package static func known(in text: String) -> [Known] {
    text.split(separator: "\n").compactMap { line in
      let words = line.prefix { $0 != "#" }.split(separator: " ")
      guard let seed = words.first.flatMap({ UInt64($0) }) else { return nil }
      let extras = words.dropFirst().flatMap { $0.split(separator: ",") }.compactMap { Extra(rawValue: String($0)) }
      return Known(seed, hours: words.count > 1 ? Int(words[1]) : nil, extras: Set(extras))
    }
  }

  /// The same, with only some of the incidents.
  package func keeping(_ indices: some Sequence<Int>) -> Scenario {
    var scenario = self
    scenario.entries = indices.sorted().filter(entries.indices.contains).map { entries[$0] }
    return scenario
  }

  package var summary: String {
    let count = agents.count
    return "seed \(seed): \(count) agents in \(rigs.count) rigs, \(hours) h, \(entries.count) incidents"
  }
}

extension Scenario.Entry: CustomStringConvertible {
  package var description: String { "\(virtualTime(time)) \(incident)" }
}

/// Hours, minutes and seconds with milliseconds.
package func virtualTime(_ milliseconds: Int64) -> String {
  func padded(_ value: Int64, _ width: Int) -> String {
    let text = "\(value)"
    return String(repeating: "0", count: max(0, width - text.count)) + text
  }
  let seconds = milliseconds / 1_000
  return
    "\(seconds / 3_600):\(padded(seconds / 60 % 60, 2)):\(padded(seconds % 60, 2)).\(padded(milliseconds % 1_000, 3))"
}

extension Scenario {
  /// How long a town is left in peace at the end: longer than anything may be owed.
  static func calm(agents: Int) -> Int64 { 20 * 60_000 + Int64(agents) * 5_000 }
}
