// SPDX-License-Identifier: Apache-2.0

package import Town

/// `daemon/holds/`: what people have decided, one file a decision. Read again just before every start.
package struct Holds: Sendable {
  private let layout: TownLayout
  private var directory: String { layout.holds }
  /// The decisions that there are, where they were listed beforehand; else each is looked for.
  private let listed: Set<String>?

  package init(layout: TownLayout) {
    self.layout = layout
    listed = nil
  }

  /// What a decision is about.
  package enum Place: Sendable, Hashable {
    case agent(AgentIdentity)
    case rig(String)
    case town

    var scope: Hold.Scope {
      switch self {
      case .agent: .agent
      case .rig(let rig): .rig(rig)
      case .town: .town
      }
    }

    /// The name of the file. An agent's begins with `gt-`, so no two are the same.
    var name: String {
      switch self {
      case .agent(let agent): agent.session
      case .rig(let rig): "rig-\(rig)"
      case .town: "all"
      }
    }
  }

  /// For many agents at one time: the directory is read once, and only the files in it after that.
  package init(listing layout: TownLayout) {
    self.layout = layout
    // A directory that cannot be listed is asked for each file, whose failure then says why.
    listed = (try? Disk.names(in: layout.holds)).map { Set($0) }
  }

  /// The decision that concerns an agent: its own, its rig's, or the whole town's.
  ///
  /// A file that cannot be understood still holds: it was written for a reason.
  package func hold(on agent: AgentIdentity) -> Reading<Hold?> {
    let places: [Place] = [.agent(agent)] + (agent.rig.map { [.rig($0)] } ?? []) + [.town]
    for place in places where listed?.contains(place.name) ?? true {
      switch read(place.name) {
      case .known(nil): continue
      case .known(var hold?):
        hold.scope = place.scope
        return .known(hold)
      case .unknown(let reason): return .unknown(reason)
      }
    }
    return .known(nil)
  }

  private func read(_ name: String) -> Reading<Hold?> {
    let path = "\(directory)/\(name)"
    do {
      return .known(try Disk.readJSON(Hold.self, from: path, limit: FileLimit.hold))
    } catch {
      switch error.code {
      case .missing: return .known(nil)
      case .malformed:
        return .known(Hold(kind: .hold, who: "a file that cannot be read (\(path))", when: nil, why: nil))
      case .unreadable, .unwritable, .held: return .unknown(error.description)
      }
    }
  }

  /// The decision about exactly this place, independent of other holds.
  ///
  /// - Throws: ``TownFileError`` where that cannot be read.
  package func decision(on place: Place) throws(TownFileError) -> Hold? {
    switch read(place.name) {
    case .known(let hold): return hold
    case .unknown(let reason): throw TownFileError(.unreadable, path: "\(directory)/\(place.name)", reason: reason)
    }
  }

  /// The holds on rigs and on the town, the town's first, and those on single agents with their stops, by session.
  ///
  /// - Throws: ``TownFileError`` where they cannot be listed.
  package func overview() throws(TownFileError) -> (
    wide: [(place: Place, hold: Hold)], agents: [(session: String, hold: Hold)]
  ) {
    guard Disk.exists(directory) else { return ([], []) }
    var wide: [(place: Place, hold: Hold)] = []
    var agents: [(session: String, hold: Hold)] = []
    for name in try Disk.names(in: directory).filter({ !$0.hasPrefix(".") }).sorted() {
      let place: Place? = name == "all" ? .town : name.removingPrefix("rig-").map { .rig($0) }
      guard let place else {
        if case .known(let hold?) = read(name) { agents.append((name, hold)) }
        continue
      }
      if let hold = try decision(on: place) { wide.append((place, hold)) }
    }
    return (wide, agents)
  }

  /// Records a decision.
  package func set(_ hold: Hold, on place: Place) throws(TownFileError) {
    let path = "\(directory)/\(place.name)"
    try layout.checkBounds(of: path)
    try Disk.writeJSON(hold, to: path)
  }

  /// Takes a decision back.
  package func clear(_ place: Place) throws(TownFileError) {
    let path = "\(directory)/\(place.name)"
    try layout.checkBounds(of: path)
    try Disk.remove(path)
  }

  /// Records a decision about one agent.
  package func set(_ hold: Hold, on agent: AgentIdentity) throws(TownFileError) {
    try set(hold, on: .agent(agent))
  }

  /// Takes back a decision about one agent.
  package func clear(_ agent: AgentIdentity) throws(TownFileError) {
    try clear(.agent(agent))
  }
}
