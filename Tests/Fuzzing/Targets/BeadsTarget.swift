// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

@testable import Beads

extension FuzzTarget {
  /// What `bd` prints: beads, a failure, and complaints. The first line is its standard error.
  static let beads = FuzzTarget("beads") { input, _ in
    var pieces = Pieces(input)
    let errors = pieces.line()
    let output = pieces.remainder()
    let result = CommandResult(ending: .exited(1), standardOutput: output, standardError: errors)
    let reason = BdOutput.reason(result)
    try promise("a reason is one short line", isInert(reason) && reason.unicodeScalars.count <= 400)
    _ = try? BdOutput.bead(output)
    let beads = ((try? BdOutput.beads(output)) ?? nil) ?? []
    for bead in beads {
      try promise("a bead has an id", !bead.id.isEmpty)
      try promise("no hook is an empty one", bead.hookBead?.isEmpty != true)
      try promise("no state is an empty one", bead.agentState?.rawValue.isEmpty != true)
      let message = MailMessage(bead: bead)
      try promise("an address is normal once", MailAddress.normalized(message.from), equals: message.from)
      try promise("an address is normal once", MailAddress.normalized(message.to), equals: message.to)
    }
    let ids = beads.map(\.id).filter(BeadRules.isID) + ["gt-deacon", "gt-rig-polecat-toast"]
    for status in [Int32(0), 1] {
      let result = CommandResult(ending: .exited(status), standardOutput: output, standardError: errors)
      let answers = BdOutput.match(ids, result)
      for id in ids {
        guard let reading = answers[id] else {
          // Asked for by itself, it would have an answer.
          try promise("no answer for \(id)", status != 0 && BdOutput.match([id], result)[id] != nil)
          continue
        }
        if case .known(let bead?) = reading { try promise("never another bead", bead.id, equals: id) }
      }
    }
    _ = BdWording.createdID(text(output))
    _ = BdWording.unknownOption(text(errors))
    let own = BeadDatabase(name: ".", path: "/town/.beads")
    let listing = AgentListing(
      databases: [DatabaseReading(database: own, beads: .known(beads))], routes: BeadRoutes(own: own))
    try promise("every bead is in its place", listing.beads.count, equals: beads.count)
    _ = Census(
      rigs: [Rig(name: "rig", addedAt: nil)], directories: [:],
      beads: Dictionary(beads.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first }))
  }
}
