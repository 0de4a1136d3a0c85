// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import TestSupport
import Testing
import Town

/// The journal as an interface: its fields, and the commands that the README gives.
@Suite("The journal", .requiresSystemd)
struct JournalTests {
  private static let everybody: Set = [
    "gt-deacon", "gt-rig1-witness", "gt-rig1-toast", "gt-rig2-witness", "gt-rig2-nux",
  ]

  /// The commands in the README's section about the journal, without their remarks.
  private static let commands: [String] = {
    let text = TestFile.text("\(PrivateSystemd.repository)/README.md") ?? ""
    guard let begin = text.firstRange(of: "### The journal\n") else { return [] }
    let section = text[begin.upperBound...].prefix { $0 != "§" }
    let end = section.firstRange(of: "\n### ")?.lowerBound ?? section.endIndex
    return section[..<end].split(separator: "\n").filter { $0.hasPrefix("    ") }.map { line in
      String(line.split(separator: "  #", maxSplits: 1)[0]).trimmed
    }
  }()

  @Test func `every command of the README does what it says`() async throws {
    try await withTown(TownUser.Plan(polecats: ["rig1/toast", "rig2/nux"])) { town in
      let agents = try await town.settle(Self.everybody)
      for session in ["gt-rig1-toast", "gt-rig2-nux"] {
        try await town.kill(try #require(agents[session]))
        try await town.event("agent_restarted", session: session)
      }
      try await town.systemd.root(["journalctl", "--sync"]).check()
      func lines(_ command: String) async throws -> [String] {
        let named = command.replacing("my-rig/toast", with: "rig1/toast")
        let result = try await town.run("bash", "-c", named, environment: ["PAGER": "cat", "SYSTEMD_PAGER": "cat"])
        #expect(result.status == 0, "\(command): \(result.errors)")
        return result.output.split(separator: "\n").map(String.init)
      }
      let commands = Self.commands
      try #require(commands.count >= 6, "\(commands)")
      for command in commands {
        let said = try await lines(command)
        #expect(!said.isEmpty, "\(command)")
        if command.contains("GT_EVENT=crash_detected") || command.contains("--crashes") {
          // What the catalog explains stands behind these marks, where it is installed.
          let entries = said.filter { line in !["░░", "-- "].contains { line.hasPrefix($0) } }
          let crashes = entries.filter { $0.contains("killed by signal 9") }
          let isOfOne = command.contains("toast")
          #expect(crashes.count == (isOfOne ? 1 : 2), "\(command): \(said)")
        } else if command.contains("toast") {
          #expect(said.contains { $0.contains("killed by signal 9") }, "\(command)")
          #expect(!said.contains { $0.contains("rig2/nux") }, "\(command)")
        }
        guard command.contains("-o json") else { continue }
        for line in said where !command.contains("jq") {
          #expect(throws: Never.self, "\(command)") {
            _ = try JSONDecoder().decode([String: AnyValue].self, from: Data(line.utf8))
          }
        }
      }
    }
  }

  private struct AnyValue: Decodable { init(from decoder: any Decoder) {} }

  @Test func `a crash has every field that is documented, whatever is in them`() async throws {
    let hook = "gt-work"
    // What an agent leaves on its screen is of any bytes, and of several lines.
    let agent = #"""
      #!/bin/bash
      printf 'grüße=1\nMESSAGE=geförged\n\377\376 \033[31mred\033[0m "quoted"\n> '
      sleep 1000
      """#
    let plan = TownUser.Plan(working: [], agent: "~/bin/odd", prepare: "")
    try await withTown(plan) { town in
      try await town.write(agent + "\n", to: "bin/odd", isExecutable: true)
      try await town.gt("agent", "set", "rig1/toast", "--hook", hook, "--state", "working")
      try await town.beat()
      let agents = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      try await town.kill(try #require(agents["gt-rig1-toast"]))
      let crash = try #require(try await town.event("crash_detected").first)
      #expect(crash["GT_BEAD"] == hook)
      let expected = [
        "MESSAGE_ID": "7a45213b1d9743ebab9ed686489df375", "PRIORITY": "4", "SYSLOG_IDENTIFIER": "gastown-daemon",
        "GT_EVENT": "crash_detected", "GT_TOWN": town.town, "GT_RIG": "rig1", "GT_AGENT": "rig1/toast",
        "GT_SESSION": "gt-rig1-toast", "GT_PID": "\(agents["gt-rig1-toast"] ?? 0)", "GT_EXIT_SIGNAL": "9",
        "GT_RESTART_COUNT": "0", "GT_REASON": "killed by signal 9",
        "_SYSTEMD_USER_UNIT": "gastown-daemon.service",
      ]
      for (name, value) in expected { #expect(crash[name] == value, "\(name)") }
      for name in ["CODE_FILE", "CODE_LINE", "CODE_FUNC", "GT_CAPSULE"] { #expect(crash[name] != nil, "\(name)") }
      // Several lines are one value.
      let words = try #require(try await town.event("last_words").first)
      let lines = (words["GT_LAST_WORDS"] ?? "").split(separator: "\n").map(String.init)
      #expect(lines.count > 1 && lines.contains("MESSAGE=geförged"), "\(lines)")
      #expect(words["MESSAGE"]?.hasPrefix("last words of rig1/toast") == true)
      #expect(!(words["GT_LAST_WORDS"] ?? "").contains("\u{1B}"))
      // As many words as are kept of a person, with all that a field could stumble over.
      let reason = "größe=7 '\"%n $HOME \\ " + String(repeating: "x", count: 3_900) + " end"
      try await town.gt("session", "stop", "rig1/toast", "--reason", reason)
      let stopped = try #require(try await town.event("agent_stopped").first)
      #expect(stopped["GT_REASON"]?.contains(reason) == true, "\((stopped["GT_REASON"] ?? "").prefix(200))")
      #expect(words["GT_CAPSULE"] == crash["GT_CAPSULE"])
    }
  }
  @Test func `an entry that only claims to be the daemon's is in no log and no report of it`() async throws {
    try await withTown { town in
      try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      let forged = """
        MESSAGE=forged: rig1/toast crashed
        MESSAGE_ID=7a45213b1d9743ebab9ed686489df375
        PRIORITY=4
        SYSLOG_IDENTIFIER=gastown-daemon
        USER_UNIT=gastown-daemon.service
        GT_EVENT=crash_detected
        GT_AGENT=rig1/toast
        GT_SESSION=gt-rig1-toast

        """
      try await town.run("logger", "--journald", input: forged).check()
      // It is there, and under the daemon's unit for those who select by what the writer says.
      try await eventually("the forged entry") {
        let said = try await town.run("journalctl", "-q", "--user", "-u", "gastown-daemon", "-o", "cat")
        return said.output.contains("forged:")
      }
      for words in [
        ["daemon", "logs", "-n", "1000"], ["daemon", "logs", "--crashes"], ["why", "rig1/toast"], ["events"],
      ] {
        let said = try await town.systemd.run(
          town.name, ["timeout", "20", "gt"] + words, environment: ["PATH": town.path])
        #expect(!said.output.contains("forged"), "gt \(words.joined(separator: " ")): \(said.output)")
      }
      let logs = try await town.tryGT("daemon", "logs", "-n", "1000")
      #expect(logs.output.contains("rig1/toast"), "\(logs.output)\(logs.errors)")
    }
  }

  @Test func `each decision of a person is an entry, with who and why, and what is held is told`() async throws {
    try await withTown { town in
      try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      for place in ["all", "rig1", "rig1/toast"] {
        try await town.gt("session", "hold", place, "--reason", "because of \(place)")
        let status = try await town.gt("daemon", "status")
        let way = "gt session release \(place)"
        #expect(status.contains(way), "\(status)")
        #expect(try await town.tryGT("doctor").output.contains(way))
        try await town.gt("session", "release", place)
        #expect(!(try await town.gt("daemon", "status")).contains("held"))
      }
      let set = try await town.event("hold_set")
      let released = try await town.event("hold_released")
      let reasons = ["all", "rig1", "rig1/toast"].map { "held by \(town.name): because of \($0)" }
      #expect(set.map { $0["GT_REASON"] } == reasons && set.map { $0["GT_AGENT"] } == [nil, nil, "rig1/toast"])
      #expect(released.map { $0["GT_REASON"] } == Array(repeating: "released by \(town.name)", count: 3))
      #expect(Set((set + released).map { $0["MESSAGE_ID"] }).count == 2)

      // Of a time and a number the newest entries count.
      try await town.systemctl("stop", "gastown-daemon.socket", "gastown-daemon")
      func logs(_ words: String...) async throws -> [Substring] {
        let all = ["daemon", "logs", "--since", "yesterday"] + words + ["--", "-q", "-o", "cat"]
        let result = try await town.systemd.run(town.name, ["gt"] + all, environment: ["PATH": town.path])
        return try result.check().output.split(separator: "\n")
      }
      let all = try await logs("--agent", "rig1/toast")
      // Started, held, released; and perhaps told to begin.
      #expect(all.count > 2)
      #expect(try await logs("--agent", "rig1/toast", "-n", "2") == all.suffix(2))
    }
  }
}
