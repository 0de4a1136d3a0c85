// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Commands
import Foundation
@testable import GTCommands
import TestSupport
import Testing
import Town
import TownFiles

/// `gt` as people and scripts run it.
@Suite(.timeLimit(.minutes(2))) struct GTProcessTests {
  /// Every command with the words that lead to it.
  private static func commands(_ command: any ParsableCommand.Type, _ words: [String] = []) -> [[String]] {
    [words]
      + command.configuration.subcommands.flatMap { commands($0, words + [$0.configuration.commandName ?? ""]) }
  }

  @Test func `every command explains itself`() async throws {
    let commands = Self.commands(GTCommand.self)
    #expect(commands.count > 25)
    try await GTTown.with(rigs: nil) { town in
      for words in commands {
        let result = try await town.run(words + ["--help"])
        #expect(result.succeeded && result.errors == "", "\(words)")
        #expect(
          result.output.hasPrefix("OVERVIEW: ")
            && result.output.contains("USAGE: \((["gt"] + words).joined(separator: " "))"))
        #expect(!result.output.contains("\u{1B}"))
      }
    }
  }

  @Test(arguments: [
    ["nonsense"], ["session", "nonsense"], ["session", "check", "--nonsense"], ["session", "start"],
    ["agent", "set", "rig/toast"], ["agent", "set", "rig/toast", "--state", "two words"], ["agent", "show", "nobody"],
    ["session", "start", "rig/nobody"], ["polecat", "add", "toast"], ["polecat", "add", "rig/a.b"],
    ["polecat", "add", "rig/witness"], ["polecat", "add", "other/toast"], ["rig", "add", "a:b"],
    ["rig", "add", "mayor"],
    ["session", "check", "other"],
  ])
  func `wrong usage is 64, said in one place`(words: [String]) async throws {
    try await GTTown.with { town in
      let result = try await town.run(words)
      #expect(result.status == 64, "\(result.errors)")
      #expect(result.output == "" && !result.errors.isEmpty && !result.errors.contains("\u{1B}"))
    }
  }

  @Test(
    arguments: [
      ("session chekc", "session check"), ("polecat ad rig/toast", "polecat add"), ("dotcor", "doctor"), ("prime", nil),
    ] as [(String, String?)])
  func `a word that is no command is answered with the one that was meant, where one is near`(
    typed: String, meant: String?
  ) async throws {
    try await GTTown.with(rigs: nil) { town in
      // A PATH without any other gt.
      let path = town.directory.makeDirectory("bin")
      let result = try await town.run(typed.split(separator: " ").map(String.init), variables: ["PATH": path])
      #expect(result.status == 64)
      #expect(result.output == "")
      #expect(result.errors.contains("is not a command of this gt, and there is no other gt to pass it to"))
      if let meant {
        #expect(result.errors.contains("; did you mean 'gt \(meant)'? (PATH is \(path))"), "\(result.errors)")
      } else {
        #expect(!result.errors.contains("did you mean"), "\(result.errors)")
      }
    }
  }

  @Test func `a polecat that was never started has not crashed`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast", "--hook", "gt-x1")
      let check = try await town.run(["session", "check"])
      #expect(check.status == 1 && check.output.contains("1 polecat: 1 not started"), "\(check.output)")
      #expect(check.output.contains("to start it now: gt session start rig/toast"))
      let json = try await town.run(["session", "check", "--json"])
      #expect(json.output.contains(#""state" : "not_started""#) && json.output.contains(#""crashed" : 0"#))
      let status = try await town.run(["session", "status", "rig/toast"])
      #expect(status.output.contains("not started"))
      // What a person writes into its bead is no start.
      for hook in ["gt-x2", "gt-x3"] { try await town.gt("agent", "set", "rig/toast", "--hook", hook) }
      #expect(try await town.run(["session", "check"]).output.contains("1 polecat: 1 not started"))
      // Without a history it is not known whether it has run.
      try FileManager.default.removeItem(atPath: "\(town.root)/daemon/history")
      #expect(try await town.run(["session", "check"]).output.contains("1 polecat: 1 crashed"))
    }
  }

  @Test func `a town that is missing is named, with the way out`() async throws {
    try await GTTown.with(rigs: nil) { town in
      let named = try await town.run(["session", "check", "--town", "/nowhere"])
      #expect(named.status == 69)
      #expect(named.errors == "gt: /nowhere: no such town (from --town); make one with: gt town init /nowhere\n")
      let home = try await town.run(["session", "check"])
      #expect(home.status == 69 && home.errors.contains("the default, ~/gt") && home.errors.contains("gt town init"))
      let variable = try await town.run(["session", "check"], variables: ["GT_TOWN_ROOT": town.directory.path])
      #expect(variable.status == 69 && variable.errors.contains("(from GT_TOWN_ROOT)"))
    }
  }

  @Test func `from nothing to a polecat with work on its hook`() async throws {
    try await GTTown.with(rigs: nil) { town in
      #expect(
        try await town.gt("town", "init", town.root)
          == "\(town.root) is a town now. Next: gt rig add NAME --town \(town.root)\n")
      #expect(try await town.gt("town", "init", town.root) == "\(town.root) is a town already.\n")
      #expect(try await town.gt("session", "check") == "No polecats. Add one with: gt polecat add RIG/NAME\n")
      try await town.gt("rig", "add", "rig")
      let again = try await town.run(["rig", "add", "rig"])
      #expect(again.status == 1 && again.errors == "gt: a rig named rig is registered already\n")
      try await town.gt("polecat", "add", "rig/toast")
      let twice = try await town.run(["polecat", "add", "rig/toast"])
      #expect(twice.status == 1 && twice.errors.contains("exists already"))
      // Idle is well; with work on its hook it is not, until it runs.
      let idle = try await town.run(["session", "check"])
      #expect(idle.status == 0 && idle.output.contains("rig/toast  idle"))
      #expect(
        try await town.gt("agent", "set", "rig/toast", "--hook", "gt-x1", "--state", "working")
          == "rig/toast: working, gt-x1 on its hook\n")
      let down = try await town.run(["session", "check"])
      #expect(down.status == 1 && down.output.contains("rig/toast  not started  added at "), "\(down.output)")
      #expect(down.output.contains("gt session start rig/toast") && down.output.hasSuffix("1 polecat: 1 not started\n"))
      #expect(!down.output.contains("\u{1B}"))
      let json = try await town.run(["session", "check", "--json"])
      #expect(json.status == 1)
      let object = try #require(JSONSerialization.jsonObject(with: Data(json.standardOutput)) as? [String: Any])
      #expect(object["town"] as? String == town.root && object["not_started"] as? Int == 1)
      // Only what is named is changed.
      #expect(
        try await town.gt("agent", "set", "rig/toast", "--hook", "none") == "rig/toast: working, nothing on its hook\n")
      try await town.gt("polecat", "remove", "rig/toast")
      #expect(try await town.gt("polecat", "list") == "No polecats. Add one with: gt polecat add RIG/NAME\n")
      // One that was removed may come again.
      try await town.gt("polecat", "add", "rig/toast")
    }
  }

  @Test func `the town is the one in which a person stands`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast")
      let inside = try await town.run(["agent", "show", "toast"], in: town.layout.path("rig/polecats/toast"))
      #expect(inside.succeeded && inside.output.hasPrefix("gt-rig-polecat-toast (open"), "\(inside.errors)")
      let outside = try await town.run(["agent", "show", "toast"])
      #expect(outside.status == 64 && outside.errors.contains("'toast' is no agent of this town"))
      let close = try await town.run(["agent", "show", "rig/toasst"])
      #expect(close.status == 64 && close.errors.contains("did you mean rig/toast?"))
    }
  }

  @Test func `settings that cannot be used are 78, other broken files 69, and nothing is claimed`() async throws {
    try await GTTown.with { town in
      TestFile.write("{", to: town.layout.settings)
      var result = try await town.run(["session", "check"])
      #expect(result.status == 78 && result.errors.contains("mayor/daemon.json") && result.output == "")
      // What needs the wrong key is refused, and says what is wrong.
      TestFile.write(#"{"beads": "jira"}"#, to: town.layout.settings)
      result = try await town.run(["session", "check"])
      #expect(result.status == 78 && result.errors.contains("'jira' is not one of auto, bd, sqlite"))
      // An agent may live on the server that was meant.
      TestFile.write(#"{"tmux_socket": 5}"#, to: town.layout.settings)
      result = try await town.run(["session", "check"])
      #expect(result.status == 78 && result.errors.contains("tmux_socket") && result.output == "")
      try Disk.remove(town.layout.settings)
      TestFile.write("[]", to: town.layout.registry)
      result = try await town.run(["session", "check", "--json"])
      #expect(result.status == 69 && result.errors.contains("mayor/rigs.json") && result.output == "")
      TestFile.write(#"{"rigs": {"rig": {}}}"#, to: town.layout.registry)
      TestFile.write("no database", to: town.layout.embeddedStore)
      result = try await town.run(["session", "check"])
      #expect(result.status == 69 && result.errors.contains("beads.sqlite") && result.output == "")
    }
  }

  @Test func `a directory that bears no name is reported, and prints nothing odd`() async throws {
    try await GTTown.with { town in
      try Disk.makeDirectory(town.layout.path("rig/polecats/\u{1B}[31mred"))
      let result = try await town.run(["session", "check"])
      #expect(result.status == 1 && result.output.contains("not an agent's name"))
      #expect(!result.output.contains("\u{1B}"))
      let json = try await town.run(["session", "check", "--json"])
      #expect(json.status == 1 && !json.output.contains("\u{1B}"))
      let list = try await town.run(["polecat", "list"])
      #expect(!(list.output + list.errors).contains("\u{1B}"))
    }
  }

  @Test(.requires(executable: "tmux"), .requires(executable: "script"), arguments: [[:], ["NO_COLOR": "1"]])
  func `at a terminal it is coloured, unless a person refused that`(variables: [String: String]) async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast")
      try await town.gt("agent", "set", "rig/toast", "--hook", "gt-x1", "--state", "working")
      let result = try await town.run(
        "script", ["-qec", "\(builtExecutable("gt")) session check", "/dev/null"],
        variables: variables.merging(["TERM": "xterm"]) { $1 })
      #expect(result.output.contains("\u{1B}[31mnot started") == variables.isEmpty, "\(result.output)")
      #expect(result.output.contains("not started"))
    }
  }

  @Test func `a daemon that does not run is not woken, and the status says so`() async throws {
    try await GTTown.with { town in
      let status = try await town.run(["daemon", "status"])
      #expect(status.status == 3 && status.output.hasPrefix("The daemon does not run for \(town.root)."))
      let json = try await town.run(["daemon", "status", "--json"])
      let object = try #require(JSONSerialization.jsonObject(with: Data(json.standardOutput)) as? [String: Any])
      #expect(json.status == 3 && object["running"] as? Bool == false && object["pid"] is NSNull)
      let beat = try await town.run(["daemon", "beat"])
      #expect(beat.status == 69 && beat.errors.hasPrefix("gt: "))
    }
  }

  @Test func `a wrong setting locks nobody out of what does without it`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast", "--hook", "gt-1")
      TestFile.write(#"{"heartbeet": {}}"#, to: town.layout.settings)
      let commands = [
        ["session", "hold", "all"], ["session", "release", "all"], ["session", "stop", "rig/toast"],
        ["session", "list"],
        ["session", "status", "rig/toast"], ["agent", "list"], ["agent", "set", "rig/toast", "--state", "working"],
        ["rig", "list"], ["polecat", "list"], ["polecat", "add", "rig/nux"], ["mail", "inbox"], ["why", "rig/toast"],
        ["daemon", "explain"], ["session", "check"],
      ]
      for words in commands {
        let result = try await town.run(words)
        #expect(result.succeeded && result.output != "", "\(words): \(result.ending) \(result.errors)")
        let lines = result.errors.split(separator: "\n")
        #expect(lines.count == 1 && lines[0].contains("heartbeet: no such setting"), "\(words): \(result.errors)")
      }
      // No agent is started by settings of which it is not known what they were to say.
      for words in [
        ["session", "start", "rig/toast"], ["daemon", "settings"], ["daemon", "start"],
        ["polecat", "remove", "rig/nux", "--force"],
      ] {
        let result = try await town.run(words)
        #expect(result.status == 78 && result.errors.contains("heartbeet"), "\(words): \(result.ending)")
      }
    }
  }

  @Test func `a name that nothing bears is refused by every command that takes one, with the nearest`() async throws {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast")
      let rigs = [
        ["session", "check", "rik"], ["polecat", "list", "rik"], ["polecat", "add", "rik/x"],
        ["events", "--rig", "rik"],
        ["daemon", "logs", "--rig", "rik"],
      ]
      for words in rigs {
        let result = try await town.run(words)
        #expect(
          result.status == 64 && result.errors.contains("no rig named 'rik'; did you mean rig?"), "\(result.errors)")
      }
      for words in [["events", "--agent", "rig/toasd"], ["daemon", "logs", "--agent", "rig/toasd"]] {
        let result = try await town.run(words)
        #expect(result.status == 64 && result.errors.contains("did you mean rig/toast?"), "\(result.errors)")
      }
      let mail = try await town.run(["mail", "read", "nope"])
      #expect(mail.errors == "gt: there is no message 'nope'; to list them: gt mail inbox\n", "\(mail.errors)")
      let twice = try await town.run(["polecat", "add", "rig/toast"])
      #expect(twice.errors.contains("rig/toast exists already; to see it: gt agent show rig/toast"), "\(twice.errors)")
    }
  }

  @Test func `the way out of a wide hold is told once, and an agent without work is idle and not stopped`() async throws
  {
    try await GTTown.with { town in
      try await town.gt("polecat", "add", "rig/toast", "--hook", "gt-1")
      try await town.gt("polecat", "add", "rig/nux")
      try await town.gt("polecat", "add", "rig/ace", "--hook", "gt-2")
      for (place, words) in [("all", "the whole town"), ("rig", "the rig rig")] {
        try await town.gt("session", "hold", place)
        let check = try await town.run(["session", "check"])
        let ways = check.output.split(separator: "\n").filter { $0.contains("gt session release") }
        #expect(ways == ["\(words) is held; to release: gt session release \(place)"], "\(check.output)")
        #expect(check.output.hasSuffix("3 polecats: 1 idle, 2 stopped\n"), "\(check.output)")
        // What it says is done.
        #expect(try await town.run(ways[0].split(separator: " ").suffix(3).map(String.init)).succeeded)
        #expect(!(try await town.run(["session", "check"]).output.contains("held")))
      }
    }
  }

  @Test func `what was added and sent is answered as JSON too`() async throws {
    try await GTTown.with { town in
      struct Added: Decodable { var polecat: String, hook_bead: String?, directory: String, words: [String] }
      let added = try JSONDecoder().decode(
        Added.self, from: Data(try await town.gt("polecat", "add", "rig/toast", "--hook", "gt-1", "--json").utf8))
      #expect(added.polecat == "rig/toast" && added.hook_bead == "gt-1")
      #expect(added.directory == town.layout.path("rig/polecats/toast"))
      struct Sent: Decodable { var id: String, subject: String }
      let sent = try JSONDecoder().decode(
        Sent.self, from: Data(try await town.gt("mail", "send", "deacon", "-s", "hello", "--json").utf8))
      let inbox = try await town.gt("mail", "inbox", "--identity", "deacon", "--json")
      #expect(sent.subject == "hello" && inbox.contains(sent.id), "\(inbox)")
    }
  }
}
