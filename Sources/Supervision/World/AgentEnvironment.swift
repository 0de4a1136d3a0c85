// SPDX-License-Identifier: Apache-2.0

import Commands
package import Town
package import TownFiles

/// What an agent's process starts with: its environment and its command line.
package enum AgentEnvironment {
  /// The variables by which an agent, and every tool it calls, knows who it is.
  package static func variables(of agent: AgentIdentity, layout: TownLayout) -> [String: String] {
    var variables = [
      "GT_ROLE": agent.role.rawValue,
      "GT_SESSION": agent.session,
      "GT_TOWN_ROOT": layout.root,
      "BD_ACTOR": agent.actor,
      "BEADS_AGENT_NAME": agent.mailbox,
      "BEADS_DIR": beadsDirectory(of: agent, layout: layout),
      "BEADS_NO_DAEMON": "1",
    ]
    variables["GT_RIG"] = agent.rig
    switch agent {
    case .polecat(_, let name): variables["GT_POLECAT"] = name
    case .crew(_, let name): variables["GT_CREW"] = name
    case .mayor, .deacon, .witness, .refinery: break
    }
    return variables
  }

  /// The agent's command, behind an `env` that takes away what must never reach an agent, whoever
  /// started the tmux server, and gives it the `PATH` on which its command was found: tmux 3.3a takes
  /// PATH from the client that makes the session, whatever `-e` says. The mark of the life is given here
  /// as well: what tmux is given with `-e`, the panes that a person splits off have too.
  ///
  /// - Parameter gate: where the gate is that waits for the agent's control group; `nil` for none.
  package static func commandLine(
    _ command: [String], path: String?, mark: String? = nil, gate: String? = nil
  ) -> [String] {
    let withheld = ChildEnvironment.withheld.subtracting(["TMUX", "TMUX_PANE"]).sorted().flatMap { ["-u", $0] }
    let variables = (path.map { ["PATH=\($0)"] } ?? []) + (mark.map { ["\(AgentRemains.variable)=\($0)"] } ?? [])
    let waiting = gate.map { [$0, "\(AgentGate.patience)"] } ?? []
    return waiting + ["/usr/bin/env"] + withheld + ["--"] + variables + command
  }

  private static func beadsDirectory(of agent: AgentIdentity, layout: TownLayout) -> String {
    if let rig = agent.rig {
      let own = layout.path("\(rig)/.beads")
      if Disk.isDirectory(own) { return own }
    }
    return layout.beads
  }
}
