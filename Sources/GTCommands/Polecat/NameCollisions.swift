// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Supervision
import Town
import TownFiles

/// Names that would be another agent's: refused where they are added, with both sides named.
struct NameCollisions: Sendable {
  let town: OpenTown

  /// - Throws: `CommandRefusal` that names the other agent; `TownFileError` where the town cannot be read.
  func check(_ newcomers: [AgentIdentity]) async throws {
    let present = try existing()
    for newcomer in newcomers {
      for other in present where other != newcomer {
        guard let what = shared(newcomer, other) else { continue }
        throw CommandRefusal("\(newcomer.actor) and \(other.actor) would share \(what)")
      }
    }
  }

  private func shared(_ left: AgentIdentity, _ right: AgentIdentity) -> String? {
    if left.session == right.session { return "the session \(left.session)" }
    if left.mailbox == right.mailbox { return "the mail address \(left.mailbox)" }
    if let bead = Set(left.beads).intersection(right.beads).min() { return "the bead \(bead)" }
    if left.directory == right.directory { return "the directory \(left.directory)" }
    return nil
  }

  private func existing() throws -> [AgentIdentity] {
    let rigs = try RigRegistry(layout: town.layout).registered().sorted()
    return [.mayor, .deacon]
      + (try rigs.flatMap { rig -> [AgentIdentity] in
        let polecats = try Disk.names(in: town.layout.path("\(rig)/polecats")).map {
          AgentIdentity.polecat(rig: rig, name: $0)
        }
        let crew = try Disk.names(in: town.layout.path("\(rig)/crew")).map { AgentIdentity.crew(rig: rig, name: $0) }
        return [.witness(rig: rig), .refinery(rig: rig)] + polecats + crew
      })
  }
}
