// SPDX-License-Identifier: Apache-2.0

internal import Processes
internal import Supervision
internal import Tmux
internal import Town
internal import TownFiles

/// The tmux servers of this user: whether they answer, and which others have sessions of our names.
struct ServerExamination: Examination {
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
    /// Whether the town's own server has a session of that name, too.
    var isDouble = false
  }

  func examine(_ patient: Patient) async -> [Finding] {
    var findings = [Self.own(patient.tmux.own)]
    guard case .success(let roster) = patient.roster else {
      return findings + [.unexamined("sessions", "the rigs are not known, so neither are the names")]
    }
    let own = Set(((try? patient.tmux.own.listing.get())?.panes ?? []).map(\.session))
    for server in patient.tmux.others {
      switch server.listing {
      case .failure(let error):
        findings.append(
          Finding(
            .warning, server.path, "does not answer: \(error)",
            why: "An agent may live there: as long as that is not known, none that is missing is started."))
      case .success(let listing):
        let sightings = Self.sightings(listing.panes, roster: roster, own: own, patient: patient)
        findings += sightings.map { Self.judge($0, server: server.path) }
        if sightings.isEmpty, listing.identity != nil {
          findings.append(Finding(.ok, server.path, "has no session of an agent's name"))
        }
      }
    }
    return findings
  }

  static func own(_ server: TmuxReading.Server) -> Finding {
    switch server.listing {
    case .failure(let error):
      return Finding(
        .broken, "\(server.address)", "the town's own server does not answer: \(error)",
        why: "No death is known, and nobody is started, until it does.")
    case .success(.noServer):
      return Finding(
        .note, "\(server.address)", "no server runs there", why: "The daemon has it started with the first agent.")
    case .success(.server(_, let panes)):
      let sessions = Set(panes.map(\.session)).count
      return Finding(.ok, "\(server.address)", "the town's own server answers, with \(sessions) sessions")
    }
  }

  private static func sightings(
    _ panes: [Pane], roster: Roster, own: Set<String>, patient: Patient
  ) -> [Sighting] {
    let bySession = Dictionary(grouping: panes, by: \.session)
    return bySession.keys.sorted().compactMap { session in
      let candidates = roster.candidates(session: session)
      guard let agent = candidates.first, let panes = bySession[session] else { return nil }
      let origins = panes.map { $0.origin(candidates: candidates, patient: patient) }
      let origin =
        origins.first { $0 == .daemon } ?? origins.first { $0 == .town } ?? origins.first { $0 != .stranger }
        ?? .stranger
      return Sighting(session: session, agent: agent.actor, origin: origin, isDouble: own.contains(session))
    }
  }

  static func judge(_ sighting: Sighting, server: String) -> Finding {
    let kill = Remedy.command("tmux", "-S", server, "kill-session", "-t", "=\(sighting.session)")
    let place = "is on the tmux server \(server)"
    if sighting.isDouble {
      return Finding(
        .warning, sighting.session, "\(place), and on the town's own as well",
        why:
          "One agent must have one session. Look at this one before you end it: two may be at work in one directory.",
        remedy: kill)
    }
    switch sighting.origin {
    case .daemon:
      return Finding(
        .note, sighting.session, place,
        why: "It is this town's, and is looked after where it is; a restart moves it to the town's own server.",
        remedy: Remedy.command("gt", "session", "restart", sighting.agent))
    case .town:
      return Finding(
        .note, sighting.session, "\(place), where something else has started it",
        why: "A daemon of this town adopts it where it runs; a restart moves it to the town's own server.",
        remedy: Remedy.command("gt", "session", "restart", sighting.agent))
    case .otherTown(let town):
      return Finding(
        .warning, sighting.session, "\(place), and is an agent of \(town)",
        why: "Both towns have an agent of that name: as long as one lives, the other is not started.")
    case .stranger:
      return Finding(
        .warning, sighting.session, "\(place), and nothing shows that it is this town's",
        why: "As long as it is there, the agent of that name is not started. Look at it before you end it.",
        remedy: kill)
    }
  }
}

extension Pane {
  /// Who is behind a pane in a session that bears an agent's name.
  func origin(candidates: [AgentIdentity], patient: Patient) -> ServerExamination.Origin {
    let layout = patient.layout
    if let mark = mark?.token {
      return mark == layout.mark || mark == layout.adoptedMark ? .daemon : .otherTown("another town")
    }
    let processes = patient.processes
    let pids = [pid] + processes.children(of: pid).map(\.pid)
    let named = pids.lazy.compactMap { processes.environment(of: $0)?["GT_TOWN_ROOT"] }.first
    if let named { return (Disk.canonical(named) ?? named) == layout.root ? .town : .otherTown("the town \(named)") }
    let directory = processes.workingDirectory(of: pid) ?? ""
    let isHome = candidates.contains { agent in
      let home = layout.directory(of: agent)
      return directory == home || directory.hasPrefix(home + "/")
    }
    return isHome ? .town : .stranger
  }
}
