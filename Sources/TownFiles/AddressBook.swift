// SPDX-License-Identifier: Apache-2.0

package import Town

/// An address that names no agent, or more than one.
package struct AddressError: Error, Sendable, Hashable, CustomStringConvertible {
  package var description: String

  package init(_ description: String) { self.description = description }
}

/// Finds the agent that an address means, among those that the town has.
package struct AddressBook: Sendable {
  private let layout: TownLayout

  package init(layout: TownLayout) { self.layout = layout }

  /// - Parameters:
  ///   - text: `rig/name`, any form that mail carries, a session's name, or, with `rig`, a bare name.
  ///   - rig: the rig in which a person stands.
  ///   - others: addresses that are no agents' and may be suggested all the same.
  /// - Throws: ``AddressError`` with the nearest address that there is; `TownFileError` where the
  ///   registry cannot be read.
  package func agent(
    _ text: String, in rig: String? = nil, suggesting others: [String] = []
  ) throws -> AgentIdentity {
    let rigs = try RigRegistry(layout: layout).rigs().map(\.name)
    let roster = Roster(rigs: rigs)
    var candidates = roster.candidates(address: text)
    if candidates.isEmpty, let rig, !text.contains("/") { candidates = roster.candidates(address: "\(rig)/\(text)") }
    let present = candidates.filter { exists($0) }
    switch present.count {
    case 1: return present[0]
    case 0: throw AddressError(unknown(text, in: rig, rigs: rigs, others: others))
    default:
      let forms = present.map(\.actor).joined(separator: " or ")
      throw AddressError("\(quotedForDisplay(text)) may be \(forms); give the full address")
    }
  }

  /// The address of an agent that the town has, or of one that it had: such a one has left a history.
  ///
  /// - Throws: as ``agent(_:in:suggesting:)``.
  package func presentOrFormer(_ text: String, in rig: String? = nil) throws -> String {
    do {
      return try agent(text, in: rig).address
    } catch let error as AddressError {
      let roster = Roster(rigs: try RigRegistry(layout: layout).rigs().map(\.name))
      let former = roster.candidates(address: text).filter {
        Disk.exists("\(layout.history)/\($0.session)\(HistoryFiles.suffix)")
      }
      guard text.contains("/"), former.count == 1 else { throw error }
      return former[0].address
    }
  }

  /// The name of a rig that the town has.
  ///
  /// - Throws: ``AddressError`` with the nearest name, or those that there are; `TownFileError` where the registry cannot
  ///   be read.
  @discardableResult
  package func rig(_ name: String) throws -> String {
    let names = try RigRegistry(layout: layout).rigs().map(\.name)
    if names.contains(name) { return name }
    let way =
      if names.isEmpty {
        "there is none yet; add it with: gt rig add \(displayable(name))"
      } else if let near =
        AddressSuggestion.nearest(to: name, among: names)
      { "did you mean \(displayable(near))?" } else { "there are: \(names.map(displayable).joined(separator: ", "))" }
    throw AddressError("no rig named \(quotedForDisplay(name)); \(way)")
  }

  /// The address of every agent that the town has or may have, in the form that a person types.
  ///
  /// - Throws: `TownFileError` where the registry cannot be read.
  package func addresses() throws(TownFileError) -> [String] {
    let rigs = try RigRegistry(layout: layout).rigs().map(\.name)
    return AddressSuggestion(layout: layout, rigs: rigs).known.map(\.address)
  }

  /// Whether the town has the agent: a fixed one always, a named one by its directory.
  private func exists(_ agent: AgentIdentity) -> Bool {
    guard let name = agent.name else { return true }
    switch agent {
    case .polecat where (try? TownName.checkPolecat(name)) == nil: return false
    case .crew where (try? TownName.checkCrew(name)) == nil: return false
    default: return Disk.isDirectory(layout.path(agent.directory))
    }
  }

  private func unknown(_ text: String, in rig: String?, rigs: [String], others: [String]) -> String {
    let suggestion = AddressSuggestion(layout: layout, rigs: rigs, others: others).nearest(to: text, in: rig)
    let way = suggestion.map { "did you mean \($0)?" } ?? "to list the agents: gt agent list"
    return "\(quotedForDisplay(text)) is no agent of this town; \(way)"
  }
}
