// SPDX-License-Identifier: Apache-2.0

package import Town

/// `daemon/holds/`: what people have decided, one file a decision. Read again just before every start.
package struct Holds: Sendable {
  private let directory: String

  package init(layout: TownLayout) { directory = layout.holds }

  /// The decision that concerns an agent: its own, its rig's, or the whole town's.
  ///
  /// A file that cannot be understood holds all the same: somebody meant something by it.
  package func hold(on agent: AgentIdentity) -> Reading<Hold?> {
    var names = [agent.session]
    if let rig = agent.rig { names.append("rig-\(rig)") }
    names.append("all")
    for name in names {
      switch read(name) {
      case .known(nil): continue
      case .known(let hold?): return .known(hold)
      case .unknown(let reason): return .unknown(reason)
      }
    }
    return .known(nil)
  }

  private func read(_ name: String) -> Reading<Hold?> {
    let path = "\(directory)/\(name)"
    do {
      return .known(try Disk.readJSON(Hold.self, from: path))
    } catch {
      switch error.code {
      case .missing: return .known(nil)
      case .malformed:
        return .known(Hold(kind: .hold, who: "a file that cannot be read (\(path))", when: nil, why: nil))
      case .unreadable, .unwritable, .held: return .unknown(error.description)
      }
    }
  }

  /// Records a decision about one agent.
  package func set(_ hold: Hold, on agent: AgentIdentity) throws(TownFileError) {
    try Disk.writeJSON(hold, to: "\(directory)/\(agent.session)")
  }

  /// Takes back a decision about one agent.
  package func clear(_ agent: AgentIdentity) throws(TownFileError) {
    try Disk.remove("\(directory)/\(agent.session)")
  }
}
