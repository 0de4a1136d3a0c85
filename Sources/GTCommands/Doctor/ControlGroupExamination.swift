// SPDX-License-Identifier: Apache-2.0

internal import Processes
internal import Supervision
internal import Tmux
internal import Town

/// Whether the agents live in the control groups that are made for them.
struct ControlGroupExamination: Examination {
  let name = "control groups"

  static let slice = "app-gastown-agents.slice"

  /// An agent that lives.
  struct Resident: Sendable, Hashable {
    /// As `gt` takes it.
    var agent: String
    var pid: Int32
    /// Its group below the root of the hierarchy; `nil` where it could not be read.
    var group: String?
    /// Whether it lives on the server of gastown-tmux.service's address.
    var isOnUnitServer: Bool
    /// Whether its group is a scope that holds nobody else's agent, and no tmux server.
    var isAlone: Bool
  }

  func examine(_ patient: Patient) async -> [Finding] {
    guard case .success(let roster) = patient.roster else {
      return [.unexamined("agents", "the rigs are not known, so neither are the agents")]
    }
    guard case .success = patient.units else {
      return [.unexamined("agents", "without a user manager there are no groups for them")]
    }
    let groups = ControlGroups(table: patient.processes)
    var residents: [Resident] = []
    for (index, server) in patient.tmux.all.enumerated() {
      let panes = (try? server.listing.get())?.panes ?? []
      for pane in panes where !pane.isDead && patient.processes.identity(of: pane.pid) != nil {
        let candidates = roster.candidates(session: pane.session)
        guard let agent = candidates.first else { continue }
        switch pane.origin(candidates: candidates, patient: patient) {
        case .daemon, .town:
          residents.append(
            Resident(
              agent: agent.actor, pid: pane.pid, group: groups.path(of: pane.pid),
              isOnUnitServer: index == 0 && patient.tmux.isUnitServer,
              isAlone: isAlone(groups.path(of: pane.pid), server: server, groups: groups)))
        case .otherTown, .stranger: continue
        }
      }
    }
    return Self.judge(residents, isSupervised: patient.daemon != nil)
  }

  private func isAlone(_ group: String?, server: TmuxReading.Server, groups: ControlGroups) -> Bool {
    guard let group, AgentScope.unit(at: group) != nil else { return false }
    guard let pid = (try? server.listing.get())?.identity?.pid, let other = groups.path(of: pid) else { return true }
    return other != group && !other.hasPrefix("\(group)/")
  }

  /// - Parameter isSupervised: whether there is a daemon, which makes the groups.
  static func judge(_ residents: [Resident], isSupervised: Bool = true) -> [Finding] {
    var well = 0
    var findings: [Finding] = []
    for resident in residents.sorted(by: { ($0.agent, $0.pid) < ($1.agent, $1.pid) }) {
      let restart = Remedy.command("gt", "session", "restart", resident.agent)
      guard let group = resident.group else {
        findings.append(.unexamined(resident.agent, "the control group of pid \(resident.pid) cannot be read"))
        continue
      }
      let parts = group.split(separator: "/")
      if parts.contains(where: { $0.hasPrefix("gastown-daemon") && $0.hasSuffix(".service") }) {
        findings.append(
          Finding(
            .broken, resident.agent, "pid \(resident.pid) lives in the daemon's control group, \(group)",
            why: "systemd ends it with the daemon's next stop, restart or crash.", remedy: restart))
      } else if parts.contains(where: { $0 == Self.slice }) {
        well += 1
      } else if resident.isOnUnitServer {
        findings.append(
          Finding(
            .warning, resident.agent, "pid \(resident.pid) lives in \(group), not in \(Self.slice)",
            why: "None of the agents' limits hold for it, and it may end with a login session: its tmux server was not "
              + "started by gastown-tmux.service. This ends every agent on it; a daemon that runs starts them again.",
            remedy:
              "tmux -S $XDG_RUNTIME_DIR/gastown-tmux/sock kill-server; systemctl --user restart gastown-tmux.service"))
      } else {
        findings.append(
          Finding(
            .note, resident.agent, "pid \(resident.pid) lives in \(group), not in \(Self.slice)",
            why:
              "None of the agents' limits hold for it. That is so on a tmux server that is not gastown-tmux.service's.")
        )
      }
    }
    findings += outsiders(among: residents, isSupervised: isSupervised)
    if well > 0 { findings.insert(Finding(.ok, "agents", "\(well) in \(Self.slice)"), at: 0) }
    if residents.isEmpty { findings.append(Finding(.ok, "agents", "none lives at present")) }
    return findings
  }

  /// Who shares a control group, though each agent is to have one of its own.
  private static func outsiders(among residents: [Resident], isSupervised: Bool) -> [Finding] {
    let known = residents.filter { $0.group != nil }
    let outside = known.filter { !$0.isAlone }.map(\.agent).sorted()
    var findings: [Finding] = []
    if outside.count < known.count {
      findings.append(Finding(.ok, "agents", "\(known.count - outside.count) in control groups of their own"))
    }
    guard !outside.isEmpty else { return findings }
    let names = outside.prefix(5).joined(separator: ", ") + (outside.count > 5 ? ", …" : "")
    findings.append(
      Finding(
        isSupervised ? .warning : .note, "agents outside their cgroups", "\(outside.count) of \(known.count): \(names)",
        why: "The limits of their roles do not hold for them, they cannot be frozen, and what they leave behind at "
          + "their end stays. The daemon puts each into a scope of its own; its journal says where it could not.",
        remedy: isSupervised
          ? Remedy.command("gt", "daemon", "beat") : Remedy.command("systemctl", "--user", "start", "gastown-daemon")))
    return findings
  }
}
