// SPDX-License-Identifier: Apache-2.0

import Processes
import Supervision
import Tmux
import Town
import TownFiles

/// Whether the agents live in the control groups that are made for them.
struct ControlGroupCheck: DoctorCheck {
  let name = "control groups"

  static let slice = "app-gastown-agents.slice"
  /// Where the tmux servers and the daemons are.
  static let controlSlice = "app-gastown-control.slice"

  /// An agent that lives.
  struct Resident: Sendable, Hashable {
    /// As `gt` takes it.
    var agent: String
    var pid: Int32
    /// Its group below the root of the hierarchy; `nil` where it could not be read.
    var group: String?
    /// Whether it lives on the server of the tmux unit's address.
    var isOnUnitServer: Bool
    /// Whether its group is a scope that holds no other agent and no tmux server.
    var isAlone: Bool
  }

  func run(in context: DoctorContext) async -> [CheckResult] {
    guard case .success(let roster) = context.roster else {
      return [.unexamined("agents", "the rigs are unknown, and so are the agents")]
    }
    guard case .success = context.units else {
      return [
        .unexamined(
          "agents",
          "without a user manager there are no groups for them; processes that a dead agent has left are found by "
            + "GT_LIFE")
      ]
    }
    let groups = ControlGroups(table: context.processes)
    var residents: [Resident] = []
    for (index, server) in context.tmux.all.enumerated() {
      let panes = (try? server.listing.get())?.panes ?? []
      for pane in panes where !pane.isDead && context.processes.identity(of: pane.pid) != nil {
        let candidates = roster.candidates(session: pane.session)
        guard let agent = candidates.first else { continue }
        switch pane.origin(candidates: candidates, context: context) {
        case .daemon, .town:
          residents.append(
            Resident(
              agent: agent.actor, pid: pane.pid, group: groups.path(of: pane.pid),
              isOnUnitServer: index == 0 && context.tmux.isUnitServer,
              isAlone: isAlone(groups.path(of: pane.pid), server: server, groups: groups)))
        case .otherTown, .stranger: continue
        }
      }
    }
    var findings = Self.judge(residents, names: context.names, isSupervised: context.daemon != nil)
    if context.tmux.isUnitServer, let pid = (try? context.tmux.all.first?.listing.get())?.identity?.pid {
      findings += Self.judge(server: groups.path(of: pid), names: context.names)
    }
    if AgentGate.path == nil { findings.append(Self.withoutGate) }
    findings +=
      residents.compactMap { Self.agentsGroup($0.group) }.first
      .map { Self.judge(pressure: groups.memoryPressure(of: $0)) } ?? []
    return findings
  }

  /// Whether the tmux server answers while the agents use up their memory.
  static func judge(server group: String?, names: TownUnits) -> [CheckResult] {
    guard let group, group.split(separator: "/").contains(where: { $0 == slice }) else { return [] }
    return [
      CheckResult(
        .warning, names.tmux, "its tmux server is still in \(slice): an earlier version started it",
        why: "When the agents use up their memory, it is slowed down with them and does not answer. A server that is "
          + "started again is in \(controlSlice). This ends every agent; a running daemon starts them again.",
        remedy: Remedy.command("systemctl", "--user", "restart", names.tmux))
    ]
  }

  private static let withoutGate = CheckResult(
    .warning, "gastown-gate", "it is missing beside gt and in libexec/gastown",
    why: "Agents are started without it. Processes of an agent's first milliseconds are outside its control group: "
      + "no limit applies to them.", remedy: "install it again, for example with make install")

  /// The path of the slice that a group is in.
  private static func agentsGroup(_ group: String?) -> String? {
    guard let group, let place = group.firstRange(of: "/\(slice)/") else { return nil }
    return String(group[..<place.upperBound].dropLast())
  }

  /// Whether the agents are slowed down because they use up their memory.
  static func judge(pressure: Double?) -> [CheckResult] {
    guard let pressure, pressure >= PressureRule.high else { return [] }
    return [
      CheckResult(
        .warning, slice, "agents wait for memory: \(Int(pressure.rounded())) % of the last ten seconds",
        why: "Together they use more than the slice's MemoryHigh=, and are slowed down. Limit agents that need much "
          + "(agents.*.memory_max in mayor/daemon.json), or stop some.",
        remedy: "systemd-cgtop --order=memory")
    ]
  }

  private func isAlone(_ group: String?, server: TmuxReading.Server, groups: ControlGroups) -> Bool {
    guard let group, AgentScope.unit(at: group) != nil else { return false }
    guard let pid = (try? server.listing.get())?.identity?.pid, let other = groups.path(of: pid) else { return true }
    return other != group && !other.hasPrefix("\(group)/")
  }

  /// - Parameter isSupervised: whether there is a daemon, which makes the groups.
  static func judge(
    _ residents: [Resident], names: TownUnits = TownUnits(), isSupervised: Bool = true
  ) -> [CheckResult] {
    var well = 0
    var findings: [CheckResult] = []
    for resident in residents.sorted(by: { ($0.agent, $0.pid) < ($1.agent, $1.pid) }) {
      let restart = Remedy.command("gt", "session", "restart", resident.agent)
      guard let group = resident.group else {
        findings.append(.unexamined(resident.agent, "the control group of pid \(resident.pid) cannot be read"))
        continue
      }
      let parts = group.split(separator: "/")
      if parts.contains(where: { $0.hasPrefix("gastown-daemon") && $0.hasSuffix(".service") }) {
        findings.append(
          CheckResult(
            .broken, resident.agent, "pid \(resident.pid) lives in the daemon's control group, \(group)",
            why: "systemd ends it with the daemon's next stop, restart or crash.", remedy: restart))
      } else if parts.contains(where: { $0 == Self.slice }) {
        well += 1
      } else if parts.contains(where: { $0 == Self.controlSlice }) {
        // With its tmux server: that is told of all such agents at once.
        continue
      } else if resident.isOnUnitServer {
        findings.append(
          CheckResult(
            .warning, resident.agent, "pid \(resident.pid) lives in \(group), not in \(Self.slice)",
            why: "None of the agents' limits apply to it, and it may end with a login session: its tmux server was not "
              + "started by \(names.tmux). This ends every agent on it; a running daemon starts them again.",
            remedy:
              "tmux -S $XDG_RUNTIME_DIR/\(Remedy.quoted(names.instance.map { "gastown-tmux-\($0)" } ?? "gastown-tmux"))/sock "
              + "kill-server; " + Remedy.command("systemctl", "--user", "restart", names.tmux)))
      } else {
        findings.append(
          CheckResult(
            .note, resident.agent, "pid \(resident.pid) lives in \(group), not in \(Self.slice)",
            why: "None of the agents' limits apply to it, because its tmux server is not \(names.tmux)'s."))
      }
    }
    findings += outsiders(among: residents, isSupervised: isSupervised)
    if well > 0 { findings.insert(CheckResult(.ok, "agents", "\(well) in \(Self.slice)"), at: 0) }
    if residents.isEmpty { findings.append(CheckResult(.ok, "agents", "no agent is running")) }
    return findings
  }

  /// Who shares a control group, though each agent is to have one of its own.
  private static func outsiders(among residents: [Resident], isSupervised: Bool) -> [CheckResult] {
    let known = residents.filter { $0.group != nil }
    let outside = known.filter { !$0.isAlone }.map(\.agent).sorted()
    var findings: [CheckResult] = []
    if outside.count < known.count {
      findings.append(CheckResult(.ok, "agents", "\(known.count - outside.count) in control groups of their own"))
    }
    guard !outside.isEmpty else { return findings }
    let names = outside.prefix(5).joined(separator: ", ") + (outside.count > 5 ? ", …" : "")
    findings.append(
      CheckResult(
        isSupervised ? .warning : .note, "agents outside their cgroups", "\(outside.count) of \(known.count): \(names)",
        why: "The limits of their roles do not apply to them, they cannot be frozen, and processes that they leave at "
          + "their end stay. The daemon puts each into a scope of its own; its journal reports where it could not.",
        remedy: isSupervised
          ? Remedy.command("gt", "daemon", "beat") : Remedy.command("systemctl", "--user", "start", "gastown-daemon")))
    return findings
  }
}
