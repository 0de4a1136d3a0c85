// SPDX-License-Identifier: Apache-2.0

internal import Commands
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
  /// PATH from the client that makes the session, whatever `-e` says.
  package static func commandLine(_ command: [String], path: String?) -> [String] {
    let withheld = ChildEnvironment.withheld.subtracting(["TMUX", "TMUX_PANE"]).sorted().flatMap { ["-u", $0] }
    return ["/usr/bin/env"] + withheld + ["--"] + (path.map { ["PATH=\($0)"] } ?? []) + command
  }

  private static func beadsDirectory(of agent: AgentIdentity, layout: TownLayout) -> String {
    if let rig = agent.rig {
      let own = layout.path("\(rig)/.beads")
      if Disk.isDirectory(own) { return own }
    }
    return layout.beads
  }
}
