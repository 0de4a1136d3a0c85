// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

/// From the original to this daemon, with agents at work. What the original does to tmux is done here as it
/// does it: on the user's own server, each session with a login shell, the command typed at its prompt.
@Suite("Changing over from the original", .requiresSystemd)
struct ChangeOverTests {
  private static let polecats = ["rig1/toast", "rig1/nux"]
  private static let everybody = [
    "gt-deacon": "deacon", "gt-rig1-witness": "rig1/witness", "gt-rig1-toast": "rig1/polecats/toast",
    "gt-rig1-nux": "rig1/polecats/nux",
  ]

  @Test func `nobody is restarted, everybody is adopted, and all is as it was made here`() async throws {
    try await withTown(.init(polecats: Self.polecats, isStarted: false)) { town in
      let before = try await town.startAsOriginal(Self.everybody)

      // Two supervisors would be one too many.
      let daemon = try await town.startOriginalDaemon()
      let refused = try await town.tryGT("daemon", "install")
      #expect(refused.status == 1 && refused.errors.contains("kill \(daemon)"), "\(refused.errors)")
      #expect(try await town.run("systemctl", "--user", "start", "gastown-daemon").status != 0)
      #expect(try await town.property("ExecMainStatus") == "78")
      #expect(town.text("gt/mayor/daemon.json")?.contains("tmux_socket") == false)

      try await town.kill(daemon, "TERM")
      try await eventually("its end") { try await !town.run("kill", "-0", "\(daemon)").succeeded }
      let installed = try await town.gt("daemon", "install")
      #expect(installed.contains(#""tmux_socket": "default""#), "\(installed)")
      try await town.start()
      try await town.adopted(Self.everybody.keys.sorted())
      #expect(try await town.agents() == before)
      for event in ["crash_detected", "agent_started", "agent_restarted", "agent_stopped", "restart_failed"] {
        #expect(try await town.events(event).isEmpty, "\(event)")
      }
      let said = try await town.journal().filter { $0["MESSAGE"]?.contains("is adopted where it runs") == true }
      #expect(Set(said.compactMap { $0["GT_SESSION"] }) == Set(Self.everybody.keys) && said.count == before.count)
      #expect(said.allSatisfy { $0["GT_EVENT"] == "agent_adopted" })
      #expect(try await town.tryGT("session", "check").status == 0)

      // The next daemon finds them as this one left them.
      try await town.kill(try await town.mainPID())
      try await eventually("the next daemon") { try await town.property("NRestarts") == "1" }
      try await town.beat()
      #expect(try await town.agents() == before)
    }
  }

  @Test func `a person's panes are harmless, a death is answered where it was, and a restart works`() async throws {
    try await withTown(.init(polecats: Self.polecats, isStarted: false)) { town in
      let before = try await town.startAsOriginal(Self.everybody)
      try await town.gt("daemon", "install")
      try await town.start()
      try await town.adopted(Self.everybody.keys.sorted())

      try await town.shell(
        "tmux split-window -b -t =gt-rig1-toast: sleep 1000; tmux split-window -t =gt-rig1-toast: sleep 0.1")
      try await eventually("the end of the second") { try await town.homePanes("gt-rig1-toast").count == 2 }
      try await town.beat()
      #expect(try await town.agents() == before)

      // The agent dies, its shell does not.
      let toast = try #require(before["gt-rig1-toast"])
      try await town.kill(toast)
      let death = try await town.event("crash_detected", session: "gt-rig1-toast")
      #expect(death.count == 1 && death[0]["GT_PID"] == "\(toast)")
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      let after = try await town.settle(Set(Self.everybody.keys))
      #expect(after["gt-rig1-toast"] != toast)
      #expect(after.filter { $0.key != "gt-rig1-toast" } == before.filter { $0.key != "gt-rig1-toast" })
      try await eventually("it begins") { town.log("gt-rig1-toast").contains("told Begin.") }
      // In the same session, beside the person's pane.
      #expect(try await town.homePanes("gt-rig1-toast").count == 2)
      #expect(try await town.roots(of: "gt-rig1-toast").count == 1)

      // A cycle, which the agent itself asks for: all that the original had started of it ends.
      let witness = try #require(before["gt-rig1-witness"])
      let its = try await town.shell("ps -o ppid= -p \(witness)").filter(\.isNumber)
      try await town.write(#"{"requesting_cycle": true}"#, to: "gt/rig1/witness/state.json")
      try await town.run(
        "gt", "mail", "send", "deacon/", "-s", "LIFECYCLE: cycle", "-m", "cycle",
        environment: ["GT_ROLE": "witness", "GT_RIG": "rig1", "GT_TOWN_ROOT": town.town]
      ).check()
      let cycled = try await town.event("lifecycle_executed", session: "gt-rig1-witness")
      #expect(cycled.count == 1)
      #expect(try await town.agents()["gt-rig1-witness"] != witness)
      for pid in ["\(witness)", its] { #expect(try await !town.run("kill", "-0", pid).succeeded) }
      let stopped = try await town.event("agent_stopped", session: "gt-rig1-witness")
      #expect(stopped[0]["GT_PID"] == "\(witness)")
      #expect(try await town.homePanes("gt-rig1-witness").count == 1)

      // The same goes with a restart; there is one session of it afterwards.
      let nux = try #require(before["gt-rig1-nux"])
      let shell = try await town.shell("ps -o ppid= -p \(nux)").filter(\.isNumber)
      try await town.gt("session", "restart", "rig1/nux")
      let last = try await town.settle(Set(Self.everybody.keys))
      #expect(last["gt-rig1-nux"] != nux && last["gt-rig1-toast"] == after["gt-rig1-toast"])
      #expect(try await !town.run("kill", "-0", shell).succeeded)
      #expect(try await town.homePanes("gt-rig1-nux").count == 1)
      #expect(try await town.events("crash_detected").count == 1)
      // Nobody lives on the town's other server.
      let other = try await town.run("bash", "-c", "tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock list-sessions")
      #expect(!other.output.contains("gt-"), "\(other.output)")
    }
  }

  /// What `docs/changing-over.md` tells people to type, as it stands there.
  @Test func `the page that takes a person through it is true`() async throws {
    let page = try Page()
    #expect(page.steps.count == 5)
    try await withTown(.init(polecats: Self.polecats, isStarted: false)) { town in
      try await town.gt("daemon", "uninstall")
      let before = try await town.startAsOriginal(Self.everybody)
      let daemon = try await town.startOriginalDaemon()
      for (number, commands) in page.steps.enumerated() {
        for command in commands {
          let output = try await town.shell("cd ~/gt; \(command)")
          if number == 0 { #expect(output.split(separator: "\n").count { $0.contains("alive") } == 4, "\(output)") }
          if number == 1 {
            try await eventually("its end") { try await !town.run("kill", "-0", "\(daemon)").succeeded }
          }
          if number == 2 { #expect(output.contains(#""tmux_socket": "default""#), "\(output)") }
          if number == 3 { try await town.adopted(Self.everybody.keys.sorted()) }
        }
      }
      let journal = try await town.shell("cd ~/gt; \(page.steps[4].last ?? "false")")
      #expect(journal.split(separator: "\n").count { $0.contains("is adopted where it runs") } == 4)
      #expect(try await town.agents() == before)

      for command in page.commands(below: "Moving to a server of the town's own") {
        try await town.shell("cd ~/gt; \(command.replacing("my-rig/toast", with: "rig1/toast"))")
      }
      let moved = try await town.settle(Set(Self.everybody.keys))
      #expect(moved.filter { $0.key != "gt-rig1-toast" } == before.filter { $0.key != "gt-rig1-toast" })
      #expect(try await town.panes() == ["gt-rig1-toast \(moved["gt-rig1-toast"] ?? 0) 0"])
      #expect(try await !town.shell("tmux list-sessions").contains("gt-rig1-toast"))

      for command in page.commands(below: "The way back") { try await town.shell("cd ~/gt; \(command)") }
      #expect(try await town.agents() == moved)
    }
  }

  /// The commands of the page, by the heading that they stand under.
  private struct Page {
    private var sections: [(heading: String, commands: [String])] = []

    init() throws {
      let source = #filePath
      let end = try #require(source.firstRange(of: "/Tests/System/"))
      let text = try #require(TestFile.text("\(source[..<end.lowerBound])/docs/changing-over.md"))
      var isCode = false
      for line in text.split(separator: "\n") {
        if line.hasPrefix("## ") { sections.append((String(line.dropFirst(3)), [])) }
        if line.hasPrefix("```") {
          isCode.toggle()
        } else if isCode, !sections.isEmpty {
          sections[sections.count - 1].commands.append(String(line))
        }
      }
    }

    var steps: [[String]] {
      sections.filter { $0.heading.first?.isNumber == true }.map(\.commands).filter { !$0.isEmpty }
    }

    func commands(below heading: String) -> [String] {
      sections.first { $0.heading == heading }?.commands ?? ["false # no such heading"]
    }
  }
}

extension TownUser {
  /// Starts agents by session and directory, as the original does. Returns their pids.
  fileprivate func startAsOriginal(_ agents: [String: String]) async throws -> [String: Int32] {
    for (session, directory) in agents.sorted(by: { $0.key < $1.key }) {
      try await shell(
        """
        mkdir -p "gt/$2"
        SHELL=/bin/bash tmux new-session -d -s "$1" -c "$HOME/gt/$2"
        tmux set-environment -t "=$1" GT_ROLE "$1"
        tmux send-keys -t "=$1:" "export GT_ROLE=$1 GT_SESSION=$1; $HOME/bin/agent" Enter
        """, session, directory)
    }
    var pids: [String: Int32] = [:]
    for session in agents.keys {
      pids[session] = try await eventually("the start of \(session)") {
        log(session).first.flatMap { $0.split(separator: " ").dropFirst().first }.flatMap { Int32($0) }
      }
    }
    return pids
  }

  /// Something that runs and whose pid is where the original's daemon writes its own.
  fileprivate func startOriginalDaemon() async throws -> Int32 {
    let output = try await shell(
      "setsid sleep 1000 </dev/null >/dev/null 2>&1 & echo $! | tee gt/daemon/daemon.pid")
    return try #require(Int32(output.filter(\.isNumber)))
  }

  /// Waits until these sessions' agents carry the mark of an adopted pane.
  fileprivate func adopted(_ sessions: [String]) async throws {
    try await eventually("the adoption of \(sessions)", within: .seconds(60)) {
      let listing = try await shell("tmux list-panes -a -F '#{session_name} #{@gastown}'")
      let marked = listing.split(separator: "\n").filter { $0.hasSuffix(":adopted") }
      return marked.map { $0.prefix { $0 != " " } }.sorted() == sessions.map { $0[...] }.sorted()
    }
  }

  /// The panes of a session on the user's own server.
  fileprivate func homePanes(_ session: String) async throws -> [Substring] {
    try await shell("tmux list-panes -s -t \"=$1\" -F '#{pane_id}'", session).split(separator: "\n")
  }
}
