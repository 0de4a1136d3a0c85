// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Foundation
import Testing

/// The two ways in which the real `bd` was recorded: each names a folder of recordings.
enum BdMode: String, CaseIterable, CustomTestStringConvertible {
  case direct
  case helper = "helper-mode"

  var testDescription: String { rawValue }

  func recording(_ name: String) throws -> Recording { try .named("\(rawValue)/\(name)") }
}

/// A `bd` that plays a script: it takes the calls that it is told to expect and no others, and answers them with
/// what the real one was recorded to print.
struct ScriptedBd {
  /// One call to come.
  struct Call {
    var arguments: [String]
    var answer: Recording
    /// The directory, relative to the town's root, whose `.beads` is the database.
    var place = "."

    /// - Parameter recording: of the same command; options in another order, or with a space for `=`, are the same.
    static func recorded(_ arguments: [String], _ recording: Recording, in place: String = ".") throws -> Call {
      let recorded = Command.meaning(of: Array(recording.words.dropFirst()))
      try #require(recording.words.first == "bd" && Command.meaning(of: arguments) == recorded, "\(recording.name)")
      return Call(arguments: arguments, answer: recording, place: place)
    }

    /// A call of which there is no recording, answered in the words of one of another.
    static func derived(_ arguments: [String], _ answer: Recording, in place: String = ".") -> Call {
      Call(arguments: arguments, answer: answer, place: place)
    }
  }

  /// As the script file has it.
  private struct Scripted: Codable {
    var arguments: [String]
    var directory: String
    var environment: [String: String]
    var output: String
    var errors: String
    var status: Int32
    var played: Bool
  }

  let town: BeadsTown
  private var path: String { town.path("bin/bd") }

  init(_ town: BeadsTown) throws {
    self.town = town
    try town.makeDirectory("bin")
    try FileManager.default.createSymbolicLink(atPath: path, withDestinationPath: BeadsTown.standIn)
  }

  /// A store whose environment is that of a service, started by an agent, within a git hook: whatever could
  /// lead `bd` astray is in it.
  func store() -> BdBeadStore {
    let hostile = [
      "NOTIFY_SOCKET": "/run/notify", "LISTEN_FDS": "1", "LISTEN_PID": "1", "LISTEN_FDNAMES": "control.socket",
      "LISTEN_PIDFDID": "1", "WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "1", "INVOCATION_ID": "0123",
      "JOURNAL_STREAM": "8:1", "MAINPID": "1", "MANAGERPID": "1", "SYSTEMD_EXEC_PID": "1", "FDSTORE": "1",
      "CLAUDECODE": "1", "TMUX": "/tmp/tmux/default,1,0", "TMUX_PANE": "%0", "GIT_DIR": "/elsewhere/.git",
      "GIT_WORK_TREE": "/elsewhere", "GIT_INDEX_FILE": "index", "BEADS_DIR": "/elsewhere/.beads",
      "BEADS_DB": "/elsewhere/x.db", "BD_DB": "/elsewhere/x.db", "BD_NO_DB": "1", "BEADS_NO_DAEMON": "0",
      "BD_ACTOR": "ada", "BD_JSON_ENVELOPE": "1", "BD_AGENT_MODE": "1", "BEADS_DOLT_PORT": "1", "CLAUDE_CODE": "1",
    ]
    return BdBeadStore(
      townRoot: town.root, executable: path, environment: kept.merging(hostile) { $1 }, runner: town.runner,
      deadline: .seconds(60))
  }

  /// What of that environment is to reach `bd`.
  private var kept: [String: String] { town.environment.merging(["LANG": "C.UTF-8"]) { $1 } }

  /// Says what is to come: steps one after the other, each of calls in any order. What was expected before must
  /// have come.
  func expect(_ steps: [Call]...) throws {
    try verify()
    let script = steps.map { step in
      step.map { call in
        let directory = call.place == "." ? town.root : town.path(call.place)
        return Scripted(
          arguments: call.arguments, directory: directory,
          environment: kept.merging(["BEADS_NO_DAEMON": "1", "BEADS_DIR": "\(directory)/.beads"]) { $1 },
          output: call.answer.output, errors: call.answer.errors, status: call.answer.status, played: false)
      }
    }
    try JSONEncoder().encode(script).write(to: URL(filePath: "\(path).script.json"))
  }

  /// That everything expected has come, and nothing else.
  func verify() throws {
    if let mismatch = try? String(contentsOfFile: "\(path).mismatch", encoding: .utf8) {
      Issue.record("bd was called otherwise than it is to be:\n\(mismatch)")
    }
    guard let bytes = FileManager.default.contents(atPath: "\(path).script.json") else { return }
    for call in try JSONDecoder().decode([[Scripted]].self, from: bytes).joined() where !call.played {
      Issue.record("bd was not called: \(call.arguments) in \(call.directory)")
    }
  }
}

extension Command {
  /// A command line of bd's, so that two that mean the same are the same.
  static func meaning(of words: [String]) -> Set<String> {
    let short = ["-d": "--description", "-t": "--type", "-p": "--priority", "-a": "--assignee", "-l": "--labels"]
    let switches: Set<String> = ["--json", "--ephemeral", "--force", "--all"]
    // These are so without being said, in 0.41.
    var meaning: Set<String> = words.first == "create" ? ["--priority=2"] : []
    var rest = words[...]
    while let word = rest.popFirst() {
      if !word.hasPrefix("-") {
        let isTitle = words.first == "create" && word != "create"
        meaning.insert(isTitle ? "--title=\(word)" : word)
      } else if word.hasPrefix("--"), word.contains("=") || switches.contains(word) {
        if word.hasPrefix("--priority=") { meaning.remove("--priority=2") }
        meaning.insert(word)
      } else {
        let name = short[word] ?? word
        if name == "--priority" { meaning.remove("--priority=2") }
        meaning.insert("\(name)=\(rest.popFirst() ?? "")")
      }
    }
    if words.first == "list" { meaning.subtract(["--all", "--limit=0"]) }
    return meaning
  }
}

extension Recording {
  /// The same answer with other words.
  func replacing(_ text: String, with other: String) -> Recording {
    var copy = self
    copy.output = output.replacing(text, with: other)
    copy.errors = errors.replacing(text, with: other)
    return copy
  }

  /// The one bead of a list that is shown, as `bd create --json` prints one.
  func asCreated() throws -> Recording {
    var copy = self
    let object = try #require(output.firstMatch(of: /\[\n  (\{\n.*\n  \})\n\]/.dotMatchesNewlines()))
    copy.output = "\(object.1)\n"
    return copy
  }
}
