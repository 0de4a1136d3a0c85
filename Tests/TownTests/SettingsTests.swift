// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct SettingsTests {
  private func value(_ path: String, _ leaf: JSONValue) -> JSONValue {
    path.split(separator: ".").reversed().reduce(leaf) { .object([String($1): $0]) }
  }

  @Test(
    arguments: [
      ("heartbeet", .object([:]), "allowed here: agents, beads"),
      ("heartbeat.aktive", .string("5m"), "active, dormant"),
      ("agents.overseer", .object([:]), "polecat"), ("agents.polecat.comand", .array([]), "begin, command"),
      ("agents.polecat.command", .array([]), "a program"),
      ("agents.default.command", .array([.string("")]), "a program"),
      ("agents.polecat.command", .string("claude"), "an array of strings"),
      ("agents.polecat.command", .array([.integer(1)]), "a number"),
      ("agents.polecat.command", .array([.string("a\u{0}")]), "NUL"), ("agents.crew.memory_max", .string("4 GB"), "4G"),
      ("agents.crew.memory_max", .string("1000000000T"), "4G"), ("agents.crew.tasks_max", .integer(0), "1 to 1000000"),
      ("agents.crew.tasks_max", .number(1.5), "whole number"), ("tmux_socket", .string(""), "default"),
      ("beads", .string("jira"), "auto, bd, sqlite"), ("beads", .integer(1), "a string"),
      ("heartbeat", .null, "an object"), ("heartbeat.quiet", .integer(5), "a string"),
      ("heartbeat.idle", .string("5"), "250ms"),
      ("heartbeat.idle", .string("-5m"), "250ms"), ("heartbeat.idle", .string("0s"), "out of range"),
      ("heartbeat.idle", .string("999999999h"), "out of range"), ("checks.mass_share", .number(1.5), "0 to 1"),
      ("checks.disk_free", .string("0"), "500M"), ("checks.memory_pressure", .string("60"), "a number"),
      ("restart.initial", .string("10m"), "restart.max"), ("restart.loop_count", .bool(true), "whole number"),
      ("deadlines.tmux", .string("9s"), "out of range"), ("deadlines.git", .string("99ms"), "out of range"),
      ("notify", .string("mail"), "an array of strings"),
    ] as [(String, JSONValue, String)])
  func `an error names the key and what is allowed`(key: String, leaf: JSONValue, allowed: String) {
    let error = #expect(throws: SettingsError.self) { try TownSettings(json: value(key, leaf)) }
    #expect(error?.key == key)
    #expect(error?.reason.contains(allowed) == true, "\(error?.reason ?? "")")
  }

  @Test func `what is no object is refused as a whole`() {
    #expect(throws: SettingsError(key: "", reason: "an object is expected here, not an array")) {
      try TownSettings(json: .array([]))
    }
  }

  @Test func `roles take the default's settings where they have none of their own`() throws {
    let settings = try TownSettings(
      json: .object([
        "agents": .object([
          "default": .object(["command": .array([.string("claude")]), "begin": .string("Go.")]),
          "polecat": .object([
            "command": .array([.string("codex")]), "memory_max": .string("4G"), "tasks_max": .integer(512),
          ]),
        ])
      ]))
    #expect(settings.agent(.crew).command == ["claude"] && settings.agent(.crew).begin == "Go.")
    #expect(settings.agent(.polecat).command == ["codex"] && settings.agent(.polecat).begin == "Go.")
    #expect(settings.agent(.polecat).memoryMax == 4 << 30 && settings.agent(.polecat).tasksMax == 512)
  }

  @Test(
    arguments: [
      ("250ms", .milliseconds(250)), ("90s", .seconds(90)), ("5m", .seconds(300)), ("1h", .seconds(3600)),
      ("0s", .zero), ("7d", .seconds(604_800)), ("1h30m", .seconds(5_400)), ("1m500ms", .milliseconds(60_500)),
      ("30m1h", nil), ("1h1h", nil), ("1h30", nil), ("1hm", nil), ("1000000000d1ms", nil),
      ("", nil), ("5", nil), ("s", nil), ("5 m", nil), ("1.5h", nil), ("5M", nil), ("99999999999s", nil), ("٥m", nil),
    ] as [(String, Duration?)])
  func `a duration is a number and a unit`(text: String, duration: Duration?) {
    #expect(Duration(setting: text) == duration)
  }

  @Test(
    arguments: [
      (nil, 5), (0, 5), (299, 5), (300, 10), (899, 10), (900, 30), (2699, 30), (2700, 60), (999_999, 60), (-500, 5),
    ] as [(Int64?, Int64)])
  func `the heartbeat slows down while nobody uses the town`(age: Int64?, minutes: Int64) {
    let next = HeartbeatInterval.next(
      lastActivity: age.map { Given.ago($0) }, now: Given.now, policy: Policy().heartbeat)
    #expect(next == .seconds(minutes * 60))
  }

  @Test func `a role with a command of its own has no other command's arguments for resuming`() throws {
    func strings(_ words: String...) -> JSONValue { .array(words.map { .string($0) }) }
    let settings = try TownSettings(
      json: .object([
        "agents": .object([
          "default": .object(["command": strings("claude"), "resume": strings("--continue")]),
          "polecat": .object(["command": strings("codex")]),
          "crew": .object(["command": strings("codex"), "resume": strings("resume", "--last")]),
        ])
      ]))
    #expect(settings.agent(.polecat).resume == [] && settings.agent(.crew).resume == ["resume", "--last"])
    #expect(settings.agent(.deacon).resume == ["--continue"])
    #expect(settings.policy.resuming == Set(AgentIdentity.Role.allCases).subtracting([.polecat]))
  }

  @Test func `the restart policy and the limits of the host are settings`() throws {
    let settings = try TownSettings(
      json: .object([
        "agents": .object(["crew": .object(["resume": .array([.string("--continue")])])]),
        "restart": .object([
          "loop_count": .integer(3), "loop_window": .string("1m"), "probe": .string("20s"), "stable": .string("30s"),
          "per_minute": .integer(7),
        ]),
        "checks": .object([
          "mass_share": .number(0.5), "mass_window": .string("1s"), "disk_free": .string("1G"),
          "memory_pressure": .integer(80),
        ]),
      ]))
    let (policy, restart) = (settings.policy, settings.policy.restart)
    #expect(restart.loopCount == 3 && restart.loopWindow == .seconds(60) && restart.probe == .seconds(20))
    #expect(restart.stable == .seconds(30) && restart.perMinute == 7 && policy.resuming == [.crew])
    #expect(policy.massShare == 0.5 && policy.massWindow == .seconds(1))
    #expect(policy.diskFree == 1 << 30 && policy.memoryPressure == 80)
  }
}
