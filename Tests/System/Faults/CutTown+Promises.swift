// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import TestSupport
import Testing

/// The promises, each by its number in docs/faults.md.
extension CutTown {
  func checkPromises() async throws {
    try await eventually("nothing is left to be done") { nobodyWaits }
    // Whatever is due comes with a whole beat, or has come.
    try await town.beat()
    try await eventually("calm") { agents.sessions.allSatisfy { standingStill($0) } }
    let journal = TownUser.unrepeated(try await town.journal())
    let events = Dictionary(grouping: journal) { $0["GT_EVENT"] ?? "" }
    try await checkAgents()
    try await checkRecords(events)
    try await checkLeftovers()
  }

  /// Whether a session is as it is to stay: one at work, or nobody where the last run was dismissed.
  private func standingStill(_ session: String) -> Bool {
    guard let last = agents.standing(session).starts.last else { return true }
    return agents.atWork(session) != nil
      || !agents.isRunning(last.pid) && dismissed.contains(.init(session: session, pid: last.pid))
  }

  /// 1, 2 and 5: nobody was ended who was well, nobody is there twice, and the others did not notice.
  private func checkAgents() async throws {
    var living: [String: Int32] = [:]
    for session in agents.sessions {
      let standing = agents.standing(session)
      let alive = standing.starts.map(\.pid).filter(agents.isRunning)
      #expect(!standing.hadSecond, "\(session) was there twice")
      #expect(alive.count <= 1 && (alive.isEmpty || alive.last == standing.starts.last?.pid), "\(session): \(alive)")
      living[session] = alive.last
      for start in standing.starts where !alive.contains(start.pid) {
        let run = SoakAgents.Run(session: session, pid: start.pid)
        #expect(killed.contains(run) || dismissed.contains(run), "\(run) was ended by nobody's will")
      }
      // It is told to begin once; again only where the daemon was killed before it had noted that.
      let told = town.log(session).count { $0.hasPrefix("told Begin") }
      let begun = standing.starts.count(where: \.hasBegun)
      #expect(told >= begun && told <= begun + repeatedOrders, "\(session) was told to begin \(told) times in \(begun)")
      // What an agent leaves is ended, and what lives is it and nothing else.
      #expect(try await town.processes(of: session).sorted() == [alive.last].compactMap { $0 }, "\(session)")
    }
    #expect(try await town.agents() == living)
    #expect(try await town.panes().filter { $0.hasSuffix(" 0") }.count == living.count)
  }

  /// 3, 4: each death is in the journal, once, with its capsule; each request was carried out once.
  private func checkRecords(_ events: [String: [[String: String]]]) async throws {
    func runs(_ event: String) -> [SoakAgents.Run] {
      (events[event] ?? []).compactMap { entry in
        guard let session = entry["GT_SESSION"], let pid = entry["GT_PID"].flatMap({ Int32($0) }) else { return nil }
        return SoakAgents.Run(session: session, pid: pid)
      }
    }
    let crashes = runs("crash_detected")
    #expect(Set(crashes).isSubset(of: killed.subtracting(dismissed)), "no deaths")
    let silent = killed.subtracting(dismissed).subtracting(crashes)
    let story = silent.isEmpty ? "" : try await town.shell("journalctl --user -u gastown-daemon -o cat --no-pager")
    #expect(silent.isEmpty, "deaths that are not in the journal, after \(cuts):\n\(story)")
    for (run, count) in Dictionary(crashes.map { ($0, 1) }, uniquingKeysWith: +) where count > 1 {
      #expect(count == 1, "the death of \(run) is told \(count) times")
    }
    let capsules = try await town.shell("cat gt/daemon/crashes/*.json 2>/dev/null || true")
    for run in killed.subtracting(dismissed) {
      #expect(capsules.contains("\"pid\" : \(run.pid)"), "there is no capsule of \(run)")
    }
    let executed = (events["lifecycle_executed"] ?? []).compactMap { $0["GT_SESSION"] }
    for (session, count) in requests {
      let found = executed.count { $0 == session }
      #expect(found == count, "\(session): \(found) of \(count) requests")
    }
    #expect(Set(executed).isSubset(of: requests.keys))
    #expect(events["lifecycle_refused"] == nil)
    // Requests are taken out; what the Deacon is told stays for it.
    let waiting = try await town.subjects(for: "deacon/").filter {
      $0.hasPrefix("LIFECYCLE") || $0.hasPrefix("POLECAT")
    }
    #expect(waiting == [])
    for event in ["restart_failed", "agent_parked", "mass_death", "store_unavailable", "tmux_unavailable"]
    where !expected.contains(event) {
      #expect(events[event] == nil, "\(event)")
    }
  }

  /// 5, 6, 8: no half-written file, no scope or descriptor of the dead, nothing unreadable, no restart but ours.
  private func checkLeftovers() async throws {
    let left = try await town.shell("find gt -name '*.new' -o -name '*.unreadable-*' -o -name gastown-rebase")
    #expect(left.isEmpty, "left behind: \(left)")
    for file in ["daemon/restarts.json", "daemon/state.json", "spawn/pending.json"] {
      let text = try #require(town.text("gt/\(file)"), "\(file)")
      #expect(throws: Never.self, "\(file)") { try JSONDecoder().decode(Anything.self, from: Data(text.utf8)) }
    }
    let living = agents.sessions.count { agents.atWork($0) != nil }
    try await eventually("a scope for each who lives, and no other") {
      try await town.systemctl("list-units", "--plain", "--no-legend", "--state=active", "gastown-agent-*.scope")
        .split(separator: "\n").count == living
    }
    #expect(try await town.shell("tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock list-buffers").isEmpty)
    #expect(try await town.property("ActiveState") == "active")
    let words = try await town.shell("journalctl --user -u gastown-daemon -o cat --no-pager")
    for complaint in ["Watchdog timeout", "begun anew", "fault of the daemon itself", "cannot be read"] {
      #expect(!words.contains(complaint))
    }
  }

  private struct Anything: Decodable {
    init(from decoder: any Decoder) throws { _ = try decoder.singleValueContainer() }
  }
}
