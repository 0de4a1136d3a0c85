// SPDX-License-Identifier: Apache-2.0

package import Town

/// An agent's state.json: the agent's own, of which we know only a few keys.
package struct AgentStateFile: Sendable {
  private let layout: TownLayout

  package init(layout: TownLayout) { self.layout = layout }

  /// What the file says; `known(nil)` where there is none. One that is not a JSON object may be just
  /// being written, and is unknown.
  package func members(of agent: AgentIdentity) -> Reading<[String: JSONValue]?> {
    do {
      return .known(try read(layout.path(agent.stateFile)))
    } catch let error where error.code == .missing {
      return .known(nil)
    } catch {
      return .unknown(error.description)
    }
  }

  private func read(_ path: String) throws(TownFileError) -> [String: JSONValue] {
    let value = try Disk.readValue(from: path, limit: FileLimit.agentState)
    guard let members = value.object else {
      throw TownFileError(.malformed, path: path, reason: "an object is expected, not \(value.kind)")
    }
    return members
  }

  /// Takes requests out and keeps all else. Nothing is written where none of them is there.
  ///
  /// - Throws: ``TownFileError``; then the file is as it was.
  package func clear(_ withdrawals: [Withdrawal], of agent: AgentIdentity) throws(TownFileError) {
    let path = layout.path(agent.stateFile)
    do {
      let before = try read(path)
      let members = before.without(withdrawals)
      guard members.count < before.count else { return }
      try layout.checkBounds(of: path)
      // The directory is the agent's own worktree: a former daemon must not have left anything in it.
      try? Disk.removeAbandoned(in: Disk.parent(of: path), of: "state.json", sparesLiving: true)
      try Disk.writeJSON(members, to: path)
    } catch  where error.code == .missing {
      return
    }
  }
}
