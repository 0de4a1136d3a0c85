// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Synchronization
import TestSupport
import Testing
import Town

/// An ordinary user of the private systemd, with a town of stand-in agents in `~/gt`.
struct TownUser: Sendable {
  let name: String
  let systemd: PrivateSystemd
  /// Whether its gt and its daemon are debug builds, whatever is tested elsewhere.
  var canFail = false

  var home: String { "/home/\(name)" }
  var town: String { "\(home)/gt" }

  /// Where its commands are found.
  var path: String { "\(home)/.local/bin:\(canFail ? PrivateSystemd.faultPath : PrivateSystemd.path)" }

  /// The control socket, as this process sees it: root may speak to anybody's daemon.
  func controlSocket() async throws -> String {
    "\(systemd.root)\(try await shell("echo $XDG_RUNTIME_DIR").trimmed)/gastown/control.sock"
  }

  /// What a town begins with.
  struct Plan: Sendable {
    /// Polecats as `RIG/NAME`; their rigs are made too.
    var polecats: [String] = ["rig1/toast"]
    /// Rigs without polecats.
    var rigs: [String] = []
    /// Which polecats have work on their hooks; `nil` for all.
    var working: [String]?
    /// Added to `mayor/daemon.json`, behind a comma.
    var settings = ""
    var agent = "~/bin/agent"
    /// Whether the beads are in a `.beads` of the stand-in for `bd`, and not in the embedded store.
    var usesBd = false
    /// Lines of a drop-in for gastown-daemon.service.
    var dropIn = ""
    /// Shell commands before the units are installed.
    var prepare = ""
    var isStarted = true

    /// Only a debug build has the points at which a test has it fail.
    var wantsFaults: Bool { (dropIn + prepare).contains("GASTOWN_FAULT") }
  }

  // MARK: commands

  @discardableResult
  func run(
    _ words: String..., environment: [String: String] = [:], input: String? = nil, deadline: Duration = .seconds(60)
  )
    async throws -> CommandResult
  {
    var variables = ["PATH": path]
    variables.merge(environment) { $1 }
    return try await systemd.run(name, words, environment: variables, input: input, deadline: deadline)
  }

  /// Runs a script; throws where it fails.
  @discardableResult
  func shell(_ script: String, _ arguments: String..., deadline: Duration = .seconds(120)) async throws -> String {
    let result = try await systemd.run(
      name, ["bash", "-euc", script, "bash"] + arguments, environment: ["PATH": path],
      deadline: deadline)
    return try result.check().output
  }

  /// Runs `gt`; throws where it does not end with 0.
  @discardableResult
  func gt(_ words: String...) async throws -> String {
    try await systemd.run(
      name, ["gt"] + words, environment: ["PATH": path], deadline: .seconds(200)
    ).check().output
  }

  /// Runs `gt`, however it ends.
  func tryGT(_ words: String...) async throws -> CommandResult {
    try await systemd.run(
      name, ["gt"] + words, environment: ["PATH": path], deadline: .seconds(200))
  }

  @discardableResult
  func systemctl(_ words: String...) async throws -> String {
    try await systemd.run(name, ["systemctl", "--user"] + words).check().output
  }

  func property(_ name: String, of unit: String = "gastown-daemon.service") async throws -> String {
    let text = try await systemctl("show", "--value", "-p", name, unit)
    return text.split(separator: "\n", omittingEmptySubsequences: false).first.map(String.init) ?? ""
  }

  func mainPID(of unit: String = "gastown-daemon.service") async throws -> Int32 {
    Int32(try await property("MainPID", of: unit)) ?? -1
  }

  @discardableResult
  func beat() async throws -> String { try await gt("daemon", "beat") }

  func kill(_ pid: Int32, _ signal: String = "KILL") async throws {
    try await run("bash", "-c", "kill -\(signal) \(pid)").check()
  }

  // MARK: files

  /// The text of a file in the user's home.
  func text(_ path: String) -> String? { TestFile.text("\(systemd.root)\(home)/\(path)") }

  func exists(_ path: String) -> Bool { TestFile.exists("\(systemd.root)\(home)/\(path)") }

  func write(_ text: String, to path: String, isExecutable: Bool = false) async throws {
    try await run(
      "bash", "-ec", #"mkdir -p "$(dirname "$1")"; cat >"$1"; if [ "$2" = x ]; then chmod +x "$1"; fi"#, "bash", path,
      isExecutable ? "x" : "", input: text
    ).check()
  }

  /// What a stand-in agent has logged: `start PID DIRECTORY`, and `told TEXT`.
  func log(_ session: String) -> [String] {
    (text("agents/\(session).log") ?? "").split(separator: "\n").map(String.init)
  }

  /// The environment of one run of a stand-in agent.
  func environment(_ session: String, pid: Int32) -> [String: String] {
    let lines = (text("agents/\(session).\(pid).env") ?? "").split(separator: "\0")
    return Dictionary(
      lines.compactMap { line in
        line.firstIndex(of: "=").map { (String(line[..<$0]), String(line[line.index(after: $0)...])) }
      }, uniquingKeysWith: { first, _ in first })
  }

  // MARK: what is

  /// The agents that live, by session.
  ///
  /// - Parameter town: the town, where it is not the usual one.
  func agents(of town: String? = nil) async throws -> [String: Int32] {
    struct Listing: Decodable {
      struct Row: Decodable {
        var session: String
        var state: String
        var pid: Int32?
      }
      var sessions: [Row]
    }
    let words = ["gt", "session", "list", "--json"] + (town.map { ["--town", $0] } ?? [])
    let result = try await systemd.run(
      name, words, environment: ["PATH": path], deadline: .seconds(200)
    ).check()
    let listing = try decode(Listing.self, result.output)
    return Dictionary(
      listing.sessions.compactMap { row in row.state == "alive" ? row.pid.map { (row.session, $0) } : nil },
      uniquingKeysWith: { first, _ in first })
  }

  struct Check: Decodable {
    struct Session: Decodable {
      var rig: String
      var polecat: String
      var session: String
      var state: String
      var hook_bead: String?
      var agent_state: String?
      var pid: Int32?
      var supervision: String
      var reason: String?
    }
    var town: String
    var checked: Int
    var alive: Int
    var crashed: Int
    var idle: Int
    var dead_shell: Int
    var stopped: Int
    var unknown: Int
    var sessions: [Session]

    subscript(_ polecat: String) -> Session? { sessions.first { "\($0.rig)/\($0.polecat)" == polecat } }
  }

  /// `gt session check --json`, whatever it finds.
  func check() async throws -> Check { try decode(Check.self, try await tryGT("session", "check", "--json").output) }

  /// Sessions of the agents' tmux server, one line a pane: `SESSION PANE_PID DEAD`.
  func panes() async throws -> [String] {
    let format = "#{session_name} #{pane_pid} #{pane_dead}"
    return try await shell("tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock list-panes -a -F \"$1\"", format)
      .split(separator: "\n").map(String.init).sorted()
  }

  /// Processes of this user's stand-in agent for a session: counted from /proc, not from tmux.
  func processes(of session: String) async throws -> [Int32] {
    try await shell(
      """
      for p in /proc/[0-9]*; do
        [ -O $p ] && tr '\\0' '\\n' <$p/environ 2>/dev/null | grep -qx "GT_SESSION=$1" && echo ${p#/proc/} || :
      done
      """, session
    ).split(separator: "\n").compactMap { Int32($0) }
  }

  /// Those of an agent's processes that no other of them has started: the agent itself, and what it has left to itself.
  func roots(of session: String) async throws -> [Int32] {
    let pids = Set(try await processes(of: session))
    return pids.filter { pid in
      guard let text = TestFile.text("\(systemd.root)/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
        return false
      }
      let parent = text[text.index(after: end)...].split(separator: " ").dropFirst().first.flatMap { Int32($0) }
      return !(parent.map(pids.contains) ?? false)
    }.sorted()
  }

  /// `gt daemon explain`: the line about one agent.
  func explanation(of agent: String) async throws -> String {
    try await gt("daemon", "explain").split(separator: "\n").first { $0.hasPrefix("\(agent) ") }.map(String.init) ?? ""
  }

  // MARK: the journal

  /// The daemon's entries, oldest first. What was logged before the call is in it.
  func journal() async throws -> [[String: String]] {
    try await systemd.root(["journalctl", "--sync"]).check()
    let text = try await run("journalctl", "--user", "-u", "gastown-daemon", "-o", "json", "--all", "--no-pager")
      .check().output
    return try text.split(separator: "\n").map { line in
      try decode([String: Field].self, String(line)).compactMapValues(\.text)
    }
  }

  /// The entries without those that a later daemon has told once more, since it could not know that they had been: such
  /// an entry has the id of the first.
  static func unrepeated(_ journal: [[String: String]]) -> [[String: String]] {
    var known: Set<String> = []
    return journal.filter { entry in entry["GT_EVENT_ID"].map { known.insert($0).inserted } ?? true }
  }

  /// Entries of one event, of one session where it is named; each event once.
  func events(_ event: String, session: String? = nil) async throws -> [[String: String]] {
    Self.unrepeated(try await journal()).filter {
      $0["GT_EVENT"] == event && (session == nil || $0["GT_SESSION"] == session)
    }
  }

  /// Waits until there are that many entries of an event.
  @discardableResult
  func event(_ event: String, session: String? = nil, count: Int = 1, within limit: Duration = .seconds(30))
    async throws
    -> [[String: String]]
  {
    try await eventually("\(count) \(event)", within: limit, every: .milliseconds(50)) {
      let found = try await events(event, session: session)
      return found.count >= count ? found : nil
    }
  }

  /// Waits until agents live in these sessions, and nowhere else.
  @discardableResult
  func settle(_ sessions: Set<String>, within limit: Duration = .seconds(30)) async throws -> [String: Int32] {
    var last: [String: Int32] = [:]
    do {
      return try await eventually("agents in \(sessions.sorted())", within: limit, every: .milliseconds(50)) {
        last = try await agents()
        return Set(last.keys) == sessions ? last : nil
      }
    } catch let error as NotInTime {
      throw NotInTime(description: "\(error); there are \(last)")
    }
  }

  private func decode<Value: Decodable>(_ type: Value.Type, _ text: String) throws -> Value {
    do {
      return try JSONDecoder().decode(type, from: Data(text.utf8))
    } catch {
      throw NotInTime(description: "not the JSON that was expected: \(error)\n\(text)")
    }
  }

  /// A field of a journal entry: text, bytes, several of these, or nothing.
  private struct Field: Decodable {
    var text: String?
    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if let string = try? container.decode(String.self) {
        text = string
      } else if let bytes = try? container.decode([UInt8].self) {
        text = String(decoding: bytes, as: UTF8.self)
      } else if let strings = try? container.decode([String].self) {
        text = strings.first
      }
    }
  }
}
