// SPDX-License-Identifier: Apache-2.0

import Processes
import Supervision
import Tmux
import Town
import TownFiles
import Trust

/// The tmux servers of this user: whether they answer, and which others have sessions of our names.
struct ServerCheck: DoctorCheck {
  let name = "tmux servers"

  /// Who is behind a session that bears an agent's name.
  enum Origin: Sendable, Hashable {
    /// A daemon of this town has made or adopted its pane.
    case daemon
    /// What runs in it lives in the agent's directory, or names this town.
    case town
    case otherTown(String)
    case stranger
  }

  /// A session on another server than the town's own.
  struct Sighting: Sendable, Hashable {
    var session: String
    /// The agent as `gt` takes it.
    var agent: String
    var origin: Origin
    /// Whether something lives in a session of that name on the town's own server, too.
    var isDouble = false
    /// Whether nothing lives in it: what remains of an agent that has ended.
    var isDead = false
    /// The agent's process, where the daemon knows it as that and it runs in this session.
    var life: Int32?
  }

  func run(in context: DoctorContext) async -> [CheckResult] {
    let tmux = context.tmux
    var findings = [Self.own(tmux.own, lost: tmux.lost, obstacle: tmux.obstacle, standstill: tmux.standstill)]
    findings += tmux.leftOut.map { Self.leftOut($0, userID: context.userID) }
    findings += tmux.failures.map {
      CheckResult(
        .warning, "other servers", $0,
        why: "An agent may live there. While this is unknown, no missing agent is started.")
    }
    let silent = Set(tmux.silent.map(\.reason))
    findings += silent.sorted().map { CheckResult(.warning, "other servers", $0, why: Self.whyAnswer) }
    guard case .success(let roster) = context.roster else {
      return findings + [.unexamined("sessions", "the rigs are unknown, and so are the names")]
    }
    let own = Set(
      ((try? context.tmux.own.listing.get())?.panes ?? []).filter { $0.lives(context.processes) }.map(\.session))
    let lives = Self.knownLives(context)
    for server in context.tmux.others {
      switch server.listing {
      case .failure(let error):
        findings.append(
          CheckResult(
            .warning, server.path, "does not answer: \(error)", why: Self.whyAnswer))
      case .success(let listing):
        let sightings = Self.sightings(
          listing.panes, roster: roster, own: own, lives: lives, context: context)
        findings += sightings.map { Self.judge($0, server: server.path) }
        if sightings.isEmpty, listing.identity != nil {
          findings.append(CheckResult(.ok, server.path, "has no session of an agent's name"))
        }
      }
    }
    return findings
  }

  private static let whyAnswer =
    "An agent that it has shown last, or that seems to run below it, may live there. It is not started meanwhile."

  /// What is no tmux server, and what another user has made or may change, which is neither asked nor believed.
  static func leftOut(_ objection: PathObjection, userID: UInt32) -> CheckResult {
    if objection.code == .wrongKind {
      return CheckResult(
        .note, objection.path, "is left alone: it \(objection.reason)",
        why: "No agent lives there, and it is not asked.")
    }
    let owner = objection.owner.map { "owner \($0)" }
    let mode = objection.mode.map { "mode \(PathObjection.octal($0))" }
    let facts = [owner, mode].compactMap { $0 }.joined(separator: ", ")
    return CheckResult(
      .warning, objection.path, "is left alone\(facts.isEmpty ? "" : " (\(facts))"): it \(objection.reason)",
      why: "A tmux client obeys its server, with your rights. Sessions there do not belong to this town.",
      remedy: objection.remedy.map { $0.map(Remedy.quoted).joined(separator: " ") })
  }

  /// - Parameters:
  ///   - lost: servers that run and have lost this path.
  ///   - obstacle: why the daemon does not mend that.
  ///   - standstill: that its process is stopped.
  static func own(
    _ server: TmuxReading.Server, lost: [SocketListener] = [], obstacle: String? = nil,
    standstill: ServerStandstill? = nil
  ) -> CheckResult {
    if let obstacle {
      return CheckResult(
        .broken, "\(server.address)", obstacle,
        why: "A second server would have the agents' sessions twice. No agent is started.")
    }
    if let process = lost.first?.process {
      return CheckResult(
        .broken, "\(server.address)",
        "the tmux server (pid \(process.pid)) runs with its sessions, and its socket is not there",
        why: "The agents live on. The daemon and gt session check make the server create its socket again.",
        remedy: "gt session check")
    }
    switch server.listing {
    case .failure(let error):
      return CheckResult(
        .broken, "\(server.address)", "the town's own server does not answer: \(error)",
        why: "Until it answers, no death is detected, and no agent is started.", remedy: standstill?.remedy)
    case .success(.noServer):
      return CheckResult(
        .note, "\(server.address)", "no server runs there", why: "The daemon starts it with the first agent.")
    case .success(.server(_, let panes)):
      let sessions = Set(panes.map(\.session)).count
      return CheckResult(
        .ok, "\(server.address)", "the town's own server answers, with \(counted(sessions, "session"))")
    }
  }

  /// The agents' processes that the ledger knows and that run; `nil` where it cannot be read.
  private static func knownLives(_ context: DoctorContext) -> Set<Int32>? {
    guard let ledger = try? TownRecords(layout: context.layout).ledger() else { return nil }
    let lives = ledger.lives.values.filter {
      context.processes.isRunning(ProcessIdentity(pid: $0.pid, startTime: $0.startTime))
    }
    return Set(lives.map(\.pid))
  }

  private static func sightings(
    _ panes: [Pane], roster: Roster, own: Set<String>, lives: Set<Int32>?, context: DoctorContext
  ) -> [Sighting] {
    let bySession = Dictionary(grouping: panes, by: \.session)
    return bySession.keys.sorted().compactMap { session in
      let candidates = roster.candidates(session: session)
      guard let agent = candidates.first, let all = bySession[session] else { return nil }
      let living = all.filter { $0.lives(context.processes) }
      let panes = living.isEmpty ? all : living
      let origins = panes.map { $0.origin(candidates: candidates, context: context) }
      let origin =
        origins.first { $0 == .daemon } ?? origins.first { $0 == .town } ?? origins.first { $0 != .stranger }
        ?? .stranger
      // Where it is not known which process is the agent, it may be this one.
      let life = living.first { lives?.contains($0.pid) ?? true }
      return Sighting(
        session: session, agent: agent.actor, origin: origin, isDouble: own.contains(session), isDead: living.isEmpty,
        life: life?.pid)
    }
  }

  static func judge(_ sighting: Sighting, server: String) -> CheckResult {
    let kill = Remedy.command("tmux", "-S", server, "kill-session", "-t", "=\(sighting.session)")
    let place = "is on the tmux server \(server)"
    if sighting.isDead {
      return CheckResult(
        .note, sighting.session, "\(place), and what ran in it has ended",
        why: sighting.isDouble
          ? "The agent lives on the town's own server; this is only left from an earlier run."
          : "If the agent lives nowhere else, its next start uses this pane.",
        remedy: sighting.isDouble ? kill : nil)
    }
    if sighting.isDouble, let life = sighting.life {
      return CheckResult(
        .warning, sighting.session, "\(place), and on the town's own as well",
        why: """
          The agent runs here (pid \(life)). The session on the town's own server holds another process: look at it, and \
          move its panes or end it there.
          """)
    }
    if sighting.isDouble {
      return CheckResult(
        .warning, sighting.session, "\(place), and on the town's own as well",
        why:
          "One agent must have one session. Look at this one before you end it: two agents may share a directory.",
        remedy: kill)
    }
    switch sighting.origin {
    case .daemon:
      return CheckResult(
        .note, sighting.session, place,
        why: "It belongs to this town and is supervised where it is. A restart moves it to the town's own server.",
        remedy: Remedy.command("gt", "session", "restart", sighting.agent))
    case .town:
      return CheckResult(
        .note, sighting.session, "\(place), where another program has started it",
        why: "This town's daemon adopts it where it runs. A restart moves it to the town's own server.",
        remedy: Remedy.command("gt", "session", "restart", sighting.agent))
    case .otherTown(let town):
      return CheckResult(
        .warning, sighting.session, "\(place), and is an agent of \(town)",
        why: "Both towns have an agent of that name: as long as one lives, the other is not started.")
    case .stranger:
      return CheckResult(
        .warning, sighting.session, "\(place), and nothing shows that it belongs to this town",
        why: "As long as it is there, the agent of that name is not started. Look at it before you end it.",
        remedy: kill)
    }
  }
}

extension Pane {
  /// Whether its process runs. tmux before 3.6 does not notice every end.
  func lives(_ processes: ProcessTable) -> Bool { !isDead && processes.status(pid)?.isAlive == true }

  /// Who is behind a pane in a session that bears an agent's name.
  func origin(candidates: [AgentIdentity], context: DoctorContext) -> ServerCheck.Origin {
    let layout = context.layout
    if let mark = mark?.token {
      return mark == layout.mark || mark == layout.adoptedMark ? .daemon : .otherTown("another town")
    }
    let processes = context.processes
    let pids = [pid] + processes.children(of: pid).map(\.pid)
    let named = pids.compactMap { processes.environment(of: $0)?["GT_TOWN_ROOT"] }.first
    if let named { return (Disk.canonical(named) ?? named) == layout.root ? .town : .otherTown("the town \(named)") }
    let directory = processes.workingDirectory(of: pid) ?? ""
    let isHome = candidates.contains { agent in
      guard let home = Disk.canonical(layout.directory(of: agent)) else { return false }
      return directory == home || directory.hasPrefix(home + "/")
    }
    return isHome ? .town : .stranger
  }
}
