// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("A lifecycle request is carried out once", .requiresSystemd)
struct LifecycleTests {
  private static let session = "gt-rig1-toast"

  private func starts(_ town: TownUser) -> Int { town.log(Self.session).count { $0.hasPrefix("start ") } }

  /// The points at which the daemon can be cut off.
  private static let points = CutPoints.request

  @Test(arguments: [false, true])
  func `killed with -9 at each step of it, the daemon's next life finishes it`(usesBd: Bool) async throws {
    let plan = TownUser.Plan(usesBd: usesBd, dropIn: "Environment=GASTOWN_FAULT=%h/fault")
    try await withTown(plan) { town in
      try await town.settle(["gt-deacon", "gt-rig1-witness", Self.session])
      for (round, point) in Self.points.enumerated() {
        let before = try #require(try await town.agents()[Self.session])
        let daemon = try await town.mainPID()
        TestFile.write("\(point)\n", to: "\(town.systemd.root)\(town.home)/fault", mode: 0o666)
        try await town.ask(round.isMultiple(of: 2) ? "cycle" : "restart", of: "rig1/toast")
        try await town.event("lifecycle_executed", session: Self.session, count: round + 1)
        #expect(!town.exists("fault"), "\(point) was not reached")
        #expect(try await town.mainPID() != daemon, "\(point) killed nobody")
        let after = try #require(try await town.agents()[Self.session], "\(point)")
        #expect(after != before, "\(point)")
        #expect(starts(town) == round + 2, "\(point)")
        #expect(town.stateKeys(of: "rig1/toast") == ["kept"], "\(point)")
        #expect(try await town.subjects(for: "deacon/") == [], "\(point)")
        #expect(try await town.processes(of: Self.session) == [after], "\(point)")
      }
      #expect(try await town.events("lifecycle_executed").count == Self.points.count)
      #expect(try await town.events("lifecycle_refused").isEmpty)
      #expect(try await town.events("crash_detected", session: Self.session).isEmpty)
      #expect(try await town.events("agent_restarted", session: Self.session).isEmpty)
    }
  }

  @Test func `an agent that will not go is killed with what it has started, and stays down`() async throws {
    try await withTown { town in
      try await town.settle(["gt-deacon", "gt-rig1-witness", Self.session])
      let pid = try #require(try await town.agents()[Self.session])
      try await eventually("it begins") { town.log(Self.session).contains("told Begin.") }
      try await town.gt("session", "inject", "rig1/toast", "-m", "run trap '' TERM HUP; sleep 1000 & sleep 1001")
      try await eventually(
        "it has children, not \(try await town.processes(of: Self.session)), \(town.log(Self.session))"
      ) {
        try await town.processes(of: Self.session).count == 3
      }
      try await town.ask("shutdown", of: "rig1/toast", body: "stop")
      let event = try #require(try await town.event("lifecycle_executed", session: Self.session).first)
      #expect(event["MESSAGE"]?.contains("is shut down") == true)
      #expect(try await town.processes(of: Self.session) == [])
      let stop = try #require(try await town.event("agent_stopped", session: Self.session).first)
      #expect(stop["GT_PID"] == "\(pid)")
      for _ in 0..<2 { try await town.beat() }
      try await town.systemctl("restart", "gastown-daemon")
      try await town.beat()
      #expect(try await town.agents().keys.sorted() == ["gt-deacon", "gt-rig1-witness"])
      let check = try #require(try await town.check()["rig1/toast"])
      #expect(check.state == "stopped" && check.supervision == "stopped")
      #expect(check.reason?.contains("on its own request") == true)
      try await town.gt("session", "start", "rig1/toast")
      try await town.settle(["gt-deacon", "gt-rig1-witness", Self.session])
    }
  }

  @Test func `SIGUSR1, and gt daemon lifecycle, carry out what waits at once; what is refused is told with the reason`()
    async throws
  {
    try await withTown { town in
      try await town.settle(["gt-deacon", "gt-rig1-witness", Self.session])
      // Mail that came while nobody could be told.
      try await town.gt("daemon", "stop")
      try await town.ask("cycle", of: "rig1/toast")
      try await town.systemctl("start", "gastown-daemon")
      try await town.event("lifecycle_executed", session: Self.session)

      // Mail of another tool, which does not tell anybody.
      try await town.run(
        "env", "GT_SOCKET=/nowhere", "gt", "mail", "send", "deacon/", "-s", "LIFECYCLE: x", "-m", "cycle",
        environment: ["GT_ROLE": "polecat", "GT_RIG": "rig1", "GT_POLECAT": "toast", "GT_TOWN_ROOT": town.town]
      ).check()
      try await town.kill(try await town.mainPID(), "USR1")
      let refusals = try await town.event("lifecycle_refused", session: Self.session)
      #expect(refusals.first?["GT_REASON"]?.contains("requesting_cycle must be true") == true)

      try await town.write(#"{"requesting_restart": true}"#, to: "gt/rig1/polecats/toast/state.json")
      try await town.run(
        "env", "GT_SOCKET=/nowhere", "gt", "mail", "send", "deacon/", "-s", "lifecycle: y", "-m", "action: restart",
        environment: ["GT_ROLE": "polecat", "GT_RIG": "rig1", "GT_POLECAT": "toast", "GT_TOWN_ROOT": town.town]
      ).check()
      let text = try await town.gt("daemon", "lifecycle")
      #expect(text.hasPrefix("1 carried out, 0 refused"))
      #expect(try await town.events("lifecycle_executed").count == 2)
      #expect(try await town.subjects(for: "deacon/") == [])
    }
  }

  @Test func `mail that another tool writes into the town's beads is read without a heartbeat`() async throws {
    try await withTown(TownUser.Plan(usesBd: true)) { town in
      let before = try await town.settle(["gt-deacon", "gt-rig1-witness", Self.session])
      try await eventually("it begins") { town.log(Self.session).contains("told Begin.") }
      try await town.write(#"{"requesting_cycle": true}"#, to: "gt/rig1/polecats/toast/state.json")
      try await town.shell(
        """
        cd gt; BEADS_DIR=$PWD/.beads bd create --type=message --title='LIFECYCLE: toast' --description=cycle           --assignee=deacon/ --labels=from:rig1/toast,thread:thread-1 --priority=2 --json
        """)
      try await town.event("lifecycle_executed", session: Self.session)
      #expect(try await town.agents()[Self.session] != before[Self.session])
    }
  }
}
