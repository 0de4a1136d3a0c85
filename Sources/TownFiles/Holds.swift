// SPDX-License-Identifier: Apache-2.0

package import Town

/// `daemon/holds/`: what people have decided, one file a decision. Read again just before every start.
package struct Holds: Sendable {
  private let directory: String
  /// The decisions that there are, where they were listed beforehand; else each is looked for.
  private let listed: Set<String>?

  package init(layout: TownLayout) {
    directory = layout.holds
    listed = nil
  }

  /// For many agents at one time: the directory is read once, and only the files in it after that.
  package init(listing layout: TownLayout) {
    directory = layout.holds
    // A directory that cannot be listed is asked for each file, whose failure then says why.
    listed = (try? Disk.names(in: layout.holds)).map { Set($0) }
  }

  /// The decision that concerns an agent: its own, its rig's, or the whole town's.
  ///
  /// A file that cannot be understood holds all the same: somebody meant something by it.
  package func hold(on agent: AgentIdentity) -> Reading<Hold?> {
    var names = [agent.session]
    if let rig = agent.rig { names.append("rig-\(rig)") }
    names.append("all")
    for name in names where listed?.contains(name) ?? true {
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
