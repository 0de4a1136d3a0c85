// SPDX-License-Identifier: Apache-2.0

import Beads
import Town

@testable import TownFiles

extension FuzzTarget {
  /// Names, addresses, sessions and beads, among rigs whose names begin alike.
  static let identities = FuzzTarget("identities", longest: 1_024) { input, town in
    let word = text(input)
    let roster = Roster(rigs: ["my", "my-rig", "rig", "rig-two"])
    for agent in roster.candidates(session: word) {
      try promise("a session is the agent's", agent.session, equals: word)
    }
    if let agent = roster.agent(bead: word) { try promise("a bead is the agent's", agent.beads.contains(word)) }
    if let agent = AgentIdentity(actor: word) { try promise("an actor is the agent's", agent.actor, equals: word) }
    let trimmed = word.reversed().drop { $0 == "/" }.reversed()
    let candidates = roster.candidates(address: word)
    try promise(
      "a slash at the end means nothing", roster.candidates(address: "\(String(trimmed))//"), equals: candidates)
    for agent in candidates {
      let forms: Set<String> = [
        agent.address, agent.actor, agent.session, String(agent.mailbox.reversed().drop { $0 == "/" }.reversed()),
        String(agent.bead.dropFirst(3)),
      ]
      try promise("an address is one of the agent's", forms.contains(String(trimmed)))
    }
    let normal = MailAddress.normalized(word)
    try promise("an address is normal once", MailAddress.normalized(normal), equals: normal)
    let isName = (try? TownName.checkPolecat(word)) != nil
    if isName {
      let agent = AgentIdentity.polecat(rig: "rig", name: word)
      try promise("a name is found by its session", roster.candidates(session: agent.session).contains(agent))
      try promise("a name is found by its actor", AgentIdentity(actor: agent.actor), equals: agent)
      try promise("a name is found by its address", roster.candidates(address: agent.address).contains(agent))
      try promise("a name is found by its mailbox", roster.candidates(address: agent.mailbox).contains(agent))
      try promise(
        "a name leads nowhere else", !agent.directory.split(separator: "/").contains { $0 == "." || $0 == ".." })
    }
    do throws(NameError) {
      try TownName.checkRig(word)
    } catch {
      try promise("an error can be shown", isInert(error.description))
    }
    town.put(Array(#"{"version":1,"rigs":{"rig":{},"my-rig":{}}}"#.utf8), at: town.layout.registry)
    do {
      _ = try AddressBook(layout: town.layout).agent(word, in: "rig", suggesting: ["overseer"])
    } catch let error as AddressError {
      try promise("an error can be shown", isInert(error.description))
    }
  }
}
