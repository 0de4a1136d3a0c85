// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import TestSupport
import Testing

@Suite("gt doctor", .requiresSystemd)
struct DoctorTests {
  /// What depends on the machine, or on how the tests install: it may be there and is no fault of a town's.
  private static let expected: Set = [
    "linger", "persistence", "disk", "memory", "gastown-daemon.service is not enabled",
  ]

  private static let plan = TownUser.Plan(agent: "agent", prepare: "ln -s ~/bin/agent ~/.local/bin/agent")

  @Test func `a healthy town has no findings but those of its machine`() async throws {
    try await withTown(Self.plan) { town in
      let agents = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      let report = try await town.doctor()
      #expect(report.status == 0 || report.status == 1)
      let unexpected = report.faults.filter {
        !Self.expected.contains($0.subject) && !Self.expected.contains("\($0.subject) \($0.what)")
      }
      #expect(unexpected.isEmpty, "\(unexpected)")
      #expect(report.ok("user manager") && report.ok("user bus") && report.ok("daemon") && report.ok("files"))
      #expect(report.findings.contains { $0.subject == "agents" && $0.what == "3 in app-gastown-agents.slice" })
      #expect(report.findings.contains { $0.subject == "agent" && $0.what == "\(town.home)/.local/bin/agent" })
      #expect(report.findings.contains { $0.subject == "control socket" && $0.what.hasSuffix("mode 0600") })

      // The one fault that the tests' own way of installing leaves.
      try await town.mend(try #require(report.fault("gastown-daemon.service", saying: "not enabled")))
      #expect(try await town.doctor().fault("gastown-daemon.service", saying: "not enabled") == nil)

      // Lingering is root's to change; without telling logind, which would end the user's manager.
      let file = "/var/lib/systemd/linger/\(town.name)"
      try await town.systemd.root(["rm", file]).check()
      let linger = try await town.doctor().fault("linger")
      #expect(linger?.remedy == "sudo loginctl enable-linger \(town.name)")
      try await town.systemd.root(["sh", "-c", (linger?.remedy ?? "false").replacing("sudo ", with: "")]).check()
      #expect(try await town.doctor().fault("linger") == nil)
      #expect(try await town.agents() == agents)

      // Root sees its own manager and sockets, about which there is nothing to say here.
      let words = ["/opt/gastown/bin/gt", "doctor", "--town", town.town]
      let root = try await town.systemd.root(words)
      #expect(root.status == 1 && root.output.contains("belongs to user") && root.output.contains("1 warning."))
      #expect(!root.output.contains("gt daemon"), "\(root.output)")
    }
  }

  @Test func `each thing that breaks is named, and goes by the command that is given`() async throws {
    try await withTown(Self.plan) { town in
      let agents = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])

      // A unit that somebody has edited.
      try await town.shell("sed -i s/^WatchdogSec=30/WatchdogSec=31/ ~/.config/systemd/user/gastown-daemon.service")
      var report = try await town.doctor()
      let edited = try #require(report.fault("gastown-daemon.service", saying: "WatchdogSec=31"))
      let reload = try #require(report.fault("gastown-daemon.service", saying: "changed on disk"))
      #expect(edited.level == "warning" && reload.remedy == "systemctl --user daemon-reload")
      try await town.mend(edited)
      try await town.mend(reload)
      report = try await town.doctor()
      #expect(report.ok("files") && report.fault("gastown-daemon.service", saying: "changed on disk") == nil)

      // A socket that others could reach.
      try await town.shell("chmod 666 $XDG_RUNTIME_DIR/gastown/control.sock")
      try await town.mend(try #require(try await town.doctor().fault("control socket", saying: "mode 0666")))
      #expect(try await town.doctor().ok("control socket"))

      // A stranger with an agent's name, on a server of the user's.
      try await town.shell("cd /; tmux -f /dev/null -L other new-session -d -s gt-rig1-nux sleep 1000")
      try await town.mend(try #require(try await town.doctor().fault("gt-rig1-nux", saying: "other")))
      #expect(try await town.doctor().fault("gt-rig1-nux") == nil)

      // A PATH on which the agents' command is not.
      try await town.shell(
        """
        sed -i s,^Environment=PATH=.*,Environment=PATH=/usr/bin:/bin, ~/.config/systemd/user/gastown-daemon.service
        systemctl --user daemon-reload
        systemctl --user restart gastown-daemon
        """)
      report = try await town.doctor()
      let missing = try #require(report.fault("agent", saying: "not on the service's PATH"))
      #expect(report.status == 2 && missing.level == "broken" && missing.what.contains(".local/bin/agent"))
      try await town.mend(missing)
      report = try await town.doctor()
      #expect(report.ok("agent") && report.status < 2)
      #expect(try await town.agents() == agents)
    }
  }

  @Test func `stopped units are named, and nobody is woken by being looked at`() async throws {
    try await withTown(Self.plan) { town in
      try await town.gt("daemon", "stop")
      try await town.systemctl("stop", "gastown-tmux.service")
      let report = try await town.doctor()
      for unit in ["gastown-daemon.service", "gastown-daemon.socket", "gastown-tmux.service"] {
        #expect(try await town.property("ActiveState", of: unit) == "inactive", "\(unit)")
      }
      try await town.mend(try #require(report.fault("gastown-tmux.service", saying: "is stopped")))
      #expect(try await town.property("ActiveState", of: "gastown-tmux.service") == "active")
      #expect(try await town.doctor().fault("gastown-tmux.service") == nil)
      try await town.mend(try #require(report.fault("daemon", saying: "does not run")))
      #expect(try await town.doctor().ok("daemon"))

      // The timer alone: the daemon runs, and nobody looks after it.
      try await town.systemctl("stop", "gastown-check.timer")
      try await town.mend(try #require(try await town.doctor().fault("gastown-check.timer")))
      #expect(try await town.doctor().fault("gastown-check.timer") == nil)

      // The socket alone.
      _ = try await town.run("systemctl", "--user", "stop", "gastown-daemon.socket")
      let socket = try await town.doctor()
      if try await town.property("ActiveState") == "active" {
        try await town.mend(try #require(socket.fault("gastown-daemon.socket")))
      } else {
        try await town.mend(try #require(socket.fault("daemon", saying: "does not run")))
      }
      let last = try await town.doctor()
      #expect(last.ok("daemon") && last.fault("gastown-daemon.socket") == nil)
    }
  }

  @Test func `an agent on a server that was started by hand is outside its control group`() async throws {
    try await withTown(Self.plan) { town in
      try await town.gt("daemon", "stop")
      try await town.systemctl("stop", "gastown-tmux.service")
      // As a person does who starts the server from a shell.
      try await town.shell(
        """
        mkdir -p -m 700 $XDG_RUNTIME_DIR/gastown-tmux
        cd ~/gt/rig1/polecats/toast
        tmux -S $XDG_RUNTIME_DIR/gastown-tmux/sock -f /dev/null new-session -d -s gt-rig1-toast ~/bin/agent
        """)
      let fault = try #require(try await town.doctor().fault("rig1/polecats/toast", saying: "app-gastown-agents.slice"))
      #expect(fault.level == "warning")
      try await town.mend(fault)
      try await town.gt("daemon", "start")
      try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      let report = try await town.doctor()
      #expect(report.findings.contains { $0.subject == "agents" && $0.what == "3 in app-gastown-agents.slice" })
    }
  }
}

private struct Report: Decodable {
  struct Part: Decodable {
    var examination: String
    var findings: [CheckResult]
  }
  struct CheckResult: Decodable {
    var level: String
    var subject: String
    var what: String
    var why: String?
    var remedy: String?
  }
  private enum CodingKeys: CodingKey { case examinations }

  var examinations: [Part]
  var status: Int32 = -1

  var findings: [CheckResult] { examinations.flatMap(\.findings) }
  var faults: [CheckResult] { findings.filter { $0.level == "warning" || $0.level == "broken" } }

  func fault(_ subject: String, saying text: String = "") -> CheckResult? {
    faults.first { $0.subject == subject && (text.isEmpty || $0.what.contains(text)) }
  }

  /// Whether all that is said of it is good.
  func ok(_ subject: String) -> Bool {
    let said = findings.filter { $0.subject == subject }
    return !said.isEmpty && said.allSatisfy { $0.level == "ok" }
  }
}

extension TownUser {
  fileprivate func doctor() async throws -> Report {
    let result = try await tryGT("doctor", "--json")
    var report = try JSONDecoder().decode(Report.self, from: Data(result.output.utf8))
    report.status = result.status
    #expect(report.faults.allSatisfy { $0.why != nil })
    #expect(result.status == (report.faults.contains { $0.level == "broken" } ? 2 : report.faults.isEmpty ? 0 : 1))
    return report
  }

  /// Types what the finding says.
  fileprivate func mend(_ finding: Report.CheckResult) async throws {
    guard let remedy = finding.remedy else { throw NotInTime(description: "no remedy for \(finding)") }
    try await shell("cd ~/gt; \(remedy)")
  }
}
