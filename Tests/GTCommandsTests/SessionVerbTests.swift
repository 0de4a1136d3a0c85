// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Processes
import TestSupport
import Testing
import Tmux
import TownFiles

@Suite("gt session status, at, capture, inject", .requires(executable: "tmux"))
struct SessionVerbTests {
  static let agent = "verb-al/deep-fix"
  static let session = "gt-verb-al-deep-fix"

  /// A town whose agents live on a server of the test's own.
  private func withTown(
    _ store: MailTown.Store = .embedded, _ body: (MailTown, TmuxFixture) async throws -> Void
  ) async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(store, tmux: tmux.server) { try await body($0, tmux) }
    }
  }

  @discardableResult
  private func start(_ argv: [String], in town: MailTown, _ tmux: TmuxFixture) async throws -> CreatedPane {
    try await tmux.client.createSession(
      NewPane(
        session: try #require(SessionName(Self.session)), mark: try #require(PaneMark(town.layout.mark)),
        process: PaneProcess(
          directory: town.root, environment: ["GT_TOWN_ROOT": town.root, "HOME": town.directory.path], argv: argv)))
  }

  private func ready(_ tmux: TmuxFixture, _ pane: CreatedPane) async throws {
    try await eventually("a prompt") {
      try await tmux.client.capture(panes: [PaneCapture(pane.id, lines: 50)])[pane.id]?.contains { $0.contains(">") }
        == true
    }
  }

  private struct Status: Decodable {
    var rig: String
    var polecat: String
    var session: String
    var state: String
    var hook_bead: String?
    var agent_state: String?
    var pid: Int32?
    var supervision: String
    var reason: String?
    var agent: String
    var role: String
    var since: String?
    var restarts: Int
    var server: String?
    var pane: String?
  }

  @Test("status tells of one agent what there is to know", arguments: MailTown.Store.allCases)
  func status(store: MailTown.Store) async throws {
    try await withTown(store) { town, tmux in
      func status(_ agent: String = Self.agent, expecting code: Int32) async throws -> Status {
        let result = try await town.tryGT("session", "status", agent, "--json", in: town.directory("gt/verb-al"))
        #expect(result.ending == .exited(code))
        return try JSONDecoder().decode(Status.self, from: Data(result.standardOutput))
      }
      let idle = try await status(expecting: 0)
      #expect((idle.state, idle.agent, idle.role) == ("idle", Self.agent, "polecat"))
      try await town.gt("agent", "set", Self.agent, "--hook", "gt-7", "--state", "working")
      let down = try await status(expecting: 1)
      #expect((down.state, down.hook_bead, down.pid) == ("not_started", "gt-7", nil))
      let pane = try await start(["sleep", "1000"], in: town, tmux)
      let alive = try await status("deep-fix", expecting: 0)
      #expect((alive.state, alive.pid, alive.pane) == ("alive", pane.pid, "\(pane.id)"))
      #expect(alive.server == "\(tmux.server)")
      #expect(alive.since != nil)
      #expect(try await town.gt("session", "status", Self.agent).contains("pid       \(pane.pid)"))
      #expect(try await status("verb-al/witness", expecting: 1).role == "witness")
      #expect(try await town.tryGT("session", "status", "verb-al/deep-fx").ending == .exited(64))
    }
  }

  @Test("capture shows the lines as they are, also those of an agent that has ended")
  func capture() async throws {
    try await withTown { town, tmux in
      #expect(try await town.tryGT("session", "capture", Self.agent).ending == .exited(1))
      let script = "printf 'first\\n\\033[31m  red ä; #{x}\\033[0m\\n\\n'; printf 'last words'; exit 3"
      try await start(["sh", "-c", script], in: town, tmux)
      try await eventually("the last words") {
        try await town.gt("session", "capture", Self.agent) == "first\n  red ä; #{x}\n\nlast words\n"
      }
      #expect(try await town.gt("session", "capture", Self.agent, "-n", "1") == "last words\n")
      let json = try await town.gt("session", "capture", Self.agent, "-n", "3", "--json")
      #expect(json.contains("\"state\" : \"dead\""))
      #expect(json.contains("\"  red ä; #{x}\""))
      #expect(try await town.tryGT("session", "capture", Self.agent, "-n", "0").ending == .exited(64))
    }
  }

  @Test("capture and inject find an agent on another of the user's servers")
  func otherServer() async throws {
    try await withTown { town, tmux in
      // The user's default server, of this town's environment.
      try await town.run(
        "tmux", ["-f", "/dev/null", "new-session", "-d", "-s", Self.session, "sh", "-c", "echo '>'; exec cat >told"])
      let pid = try #require(
        Int32(
          try await town.run("tmux", ["display-message", "-p", "#{pid}"]).output.split(separator: "\n").first ?? ""))
      let server = try #require(ProcessTable().identity(of: pid))
      do {
        try await eventually("a prompt") { try await town.gt("session", "capture", Self.agent) == ">\n" }
        try await town.gt("session", "inject", Self.agent, "-m", "to work")
        try await eventually("to be told") { TestFile.text(town.directory("gt/told")) == "to work\n" }
        #expect(try await town.gt("session", "status", Self.agent).contains("on the tmux server"))
      } catch {
        _ = try? await ProcessEnder().end(server, grace: .seconds(5))
        throw error
      }
      _ = try await ProcessEnder().end(server, grace: .seconds(5))
    }
  }

  /// 100 KB that would do harm as anything but data.
  static var text: String {
    var text = ""
    var line = 0
    while text.utf8.count < 100_000 {
      line += 1
      text += "line \(line); $(touch x) `id` #{pane_id} '\\\" ~ %1 {} ä€😀 \t end;\n"
    }
    return text + "the last;"
  }

  /// Reads keys one by one as text interfaces do, shows a text of so many bytes on its input line, and answers when it
  /// has had so many Enters after it.
  private func reader(_ bytes: Int, enters: Int = 1, to file: String) -> [String] {
    let script = """
      stty -icanon -echo -icrnl; printf '> '
      head -c \(bytes) | tee '\(file).part'; head -c \(enters) >>'\(file).part'; mv '\(file).part' '\(file)'
      printf '\\nthank you\\n'; exec sleep 1000
      """
    return ["sh", "-c", script]
  }

  @Test("inject carries 100 KB intact, and submits them")
  func injectLong() async throws {
    try await withTown { town, tmux in
      let file = town.directory("told")
      let pane = try await start(reader(Self.text.utf8.count, to: file), in: town, tmux)
      try await ready(tmux, pane)
      TestFile.write(Self.text + "\n", to: town.directory("text"))
      try await town.gt("session", "inject", Self.agent, "-f", town.directory("text"))
      #expect(TestFile.text(file) == Self.text + "\r")
    }
  }

  @Test("inject presses Enter again where the first was swallowed")
  func injectSwallowed() async throws {
    try await withTown { town, tmux in
      let file = town.directory("told")
      let pane = try await start(reader("to work".utf8.count, enters: 2, to: file), in: town, tmux)
      try await ready(tmux, pane)
      try await town.gt("session", "inject", Self.agent, "-m", "to work")
      #expect(TestFile.text(file) == "to work\r\r")
    }
  }

  @Test("inject gives up, and says so, where nothing takes the text")
  func injectIgnored() async throws {
    try await withTown { town, tmux in
      let pane = try await start(
        ["sh", "-c", "stty -icanon -echo; printf '> '; exec sleep 1000"], in: town, tmux)
      try await ready(tmux, pane)
      let result = try await town.tryGT("session", "inject", Self.agent, "-m", "to work")
      #expect(result.ending == .exited(75))
      #expect(result.errors.contains("was not submitted"))
    }
  }

  /// Draws a screen, and writes down all keys.
  private func picture(_ drawing: String, to file: String) -> [String] {
    ["sh", "-c", #"stty raw -echo; printf "$1"; : >"$2"; exec cat >>"$2""#, "sh", drawing, file]
  }

  @Test(
    "inject refuses what is no prompt, with what stands there, and types nothing",
    arguments: [
      (#"Do you want to proceed?\r\n \342\235\257 1. Yes\r\n   2. No\r\n\033[2;2H"#, "Do you want to proceed?"),
      (#"Trust it?\r\n> 1. Yes, I trust this folder\r\n  2. No\r\n"#, "1. Yes, I trust this folder"),
      (#"\342\235\257\302\240half a line"#, "half a line"),
      (#"\342\234\273 Baking\342\200\246 (3s)\r\n\342\235\257\302\240"#, "is at work"),
      (#"loading"#, "loading"),
    ])
  func injectNoPrompt(drawing: String, words: String) async throws {
    try await withTown { town, tmux in
      let file = town.directory("keys")
      let pane = try await start(picture(drawing, to: file), in: town, tmux)
      try await eventually("its picture") {
        try await tmux.client.view(of: pane.id).rows.contains { !$0.isEmpty } && TestFile.exists(file)
      }
      for options in [[], ["--wait", "2s"]] {
        let result = try await town.run("gt", ["session", "inject", Self.agent, "-m", "to work"] + options)
        #expect(result.ending == .exited(75) && result.errors.contains(words), "\(result.errors)")
        #expect(result.errors.contains("nothing was typed"))
      }
      #expect(TestFile.text(file) == "")
    }
  }

  /// Shows that it works until the file `done` is there, and takes input meanwhile.
  private func worker(_ marker: String, to file: String) -> [String] {
    let script = #"""
      stty raw -echo; marker=$1 over= text=
      draw() {
        printf '\033[2J\033[H'; [ -n "$over" ] || printf '\342\234\273 Baking\342\200\246 (3s)'
        printf '\r\n%s %s' "$marker" "$text"
      }
      draw
      while :; do
        if IFS= read -r -d '' -n 1 -t 0.3 key; then
          case $key in $'\r' | $'\n') printf '%s\n' "$text" >>"$2.told"; text= ;; *) text+=$key ;; esac
        elif [ -e "$2" ] && [ -z "$over" ]; then over=1; else continue; fi
        draw
      done
      """#
    return ["bash", "-c", script, "bash", marker, file]
  }

  @Test("inject waits for an agent at work where it is asked to, and types to it where that queues it")
  func injectBusy() async throws {
    try await withTown { town, tmux in
      let file = town.directory("done")
      let pane = try await start(worker("\u{276F}", to: file), in: town, tmux)
      try await eventually("its work") { try await tmux.client.view(of: pane.id).column == 2 }
      let refusal = try await town.tryGT("session", "inject", Self.agent, "-m", "one")
      #expect(refusal.ending == .exited(75) && refusal.errors.contains("--queue"))
      try await town.gt("session", "inject", Self.agent, "-m", "two", "--queue")
      #expect(TestFile.text(file + ".told") == "two\n")
      async let waiting = town.gt("session", "inject", Self.agent, "-m", "three", "--wait", "60s")
      try await Task.sleep(for: .seconds(2))
      #expect(TestFile.text(file + ".told") == "two\n")
      TestFile.write("", to: file)
      _ = try await waiting
      #expect(TestFile.text(file + ".told") == "two\nthree\n")
      #expect(try await town.tryGT("session", "inject", Self.agent, "-m", "x", "--wait", "soon").ending == .exited(64))
    }
  }

  @Test("inject does not type to a plain agent at work, which may throw it away")
  func injectBusyPlain() async throws {
    try await withTown { town, tmux in
      let file = town.directory("done")
      let pane = try await start(worker(">", to: file), in: town, tmux)
      try await eventually("its work") { try await tmux.client.view(of: pane.id).column == 2 }
      #expect(try await town.tryGT("session", "inject", Self.agent, "-m", "one", "--queue").ending == .exited(75))
      #expect(!TestFile.exists(file + ".told"))
    }
  }

  @Test("inject to a program that reads lines: all of them, and never one that the terminal would cut")
  func injectLines() async throws {
    try await withTown { town, tmux in
      let file = town.directory("told")
      let pane = try await start(["sh", "-c", "stty -echo; echo '>'; exec cat >'\(file)'"], in: town, tmux)
      try await ready(tmux, pane)
      let long = try await town.tryGT("session", "inject", Self.agent, "-m", String(repeating: "x", count: 5_000))
      #expect(long.ending == .exited(1))
      #expect(long.errors.contains("4094 bytes"))
      try await town.gt("session", "inject", Self.agent, "-f", "-", input: Self.text)
      try await eventually("all of the text") { TestFile.text(file) == Self.text + "\n" }
    }
  }

  @Test("inject refuses who is not there, and a shell that would run the text")
  func injectRefused() async throws {
    try await withTown { town, tmux in
      func refusal(_ status: Int32 = 1) async throws -> String {
        let result = try await town.tryGT("session", "inject", Self.agent, "-m", "touch harm")
        #expect(result.ending == .exited(status))
        return result.errors
      }
      #expect(try await refusal().contains("has no session"))
      // The mark alone does not say whose it is.
      try await start(["bash", "--norc"], in: town, tmux)
      #expect(try await refusal(69).contains("a shell that the ledger does not know"))
      try await tmux.client.kill(session: try #require(SessionName(Self.session)))
      // As another tool starts it.
      try await tmux.tmux("new-session", "-d", "-s", Self.session, "-c", town.root, "bash", "--norc")
      #expect(try await refusal().contains("a bare shell"))
      try await tmux.client.kill(session: try #require(SessionName(Self.session)))
      try await start(["sh", "-c", "exit 3"], in: town, tmux)
      try await eventually("its end") { try await refusal().contains("has ended (exited with status 3)") }
      #expect(!TestFile.exists(town.directory("gt/harm")))
      #expect(try await town.tryGT("session", "inject", Self.agent).ending == .exited(64))
      #expect(try await town.tryGT("session", "inject", Self.agent, "-m", "x", "-f", "y").ending == .exited(64))
      #expect(try await town.tryGT("session", "inject", Self.agent, "-f", "/nowhere").ending == .exited(69))
    }
  }

  @Test("at attaches on the right server, and switches the client that is inside it")
  func at() async throws {
    try await withTown { town, tmux in
      let none = try await town.tryGT("session", "at", Self.agent)
      #expect(none.ending == .exited(1))
      #expect(none.errors.contains("gt session start \(Self.agent)"))
      try await start(["sleep", "1000"], in: town, tmux)
      #expect(try await town.tryGT("session", "at", Self.agent).errors.contains("not a terminal"))
      func clients() async throws -> [String] {
        try await tmux.tmux("list-clients", "-F", "#{client_session}").output.split(separator: "\n").map(String.init)
      }
      // The panes of another server are the terminals of this test.
      try await withTmuxServer { outer in
        func terminal(_ name: String, _ argv: [String]) async throws {
          _ = try await outer.client.createSession(
            NewPane(
              session: try #require(SessionName(name)), mark: try #require(PaneMark("x")),
              process: PaneProcess(directory: town.root, environment: town.environment, argv: argv)))
        }
        let gt = town.directory("bin/gt")
        try await terminal("first", [gt, "session", "at", Self.agent])
        try await eventually("the client") { try await clients() == [Self.session] }
        try await tmux.tmux("detach-client", "-s", Self.session)
        try await eventually("no client") { try await clients().isEmpty }

        try await tmux.tmux("new-session", "-d", "-s", "desk", "-c", town.root, "cat")
        guard case .path(let socket) = tmux.server else { throw NotInTime(description: "no path") }
        try await terminal("second", ["tmux", "-S", socket, "attach-session", "-t", "=desk"])
        try await eventually("the desk") { try await clients() == ["desk"] }
        let variables = town.environment.flatMap { ["-e", "\($0.key)=\($0.value)"] }
        let words =
          ["-N", "-S", socket, "respawn-pane", "-k"] + variables + ["-t", "=desk:", gt, "session", "at", Self.agent]
        try await town.run("tmux", words)
        try await eventually("the switch") { try await clients() == [Self.session] }
      }
    }
  }
}
