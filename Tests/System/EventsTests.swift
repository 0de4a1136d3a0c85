// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import TestSupport
import Testing
import Town

@Suite("gt events", .requiresSystemd)
struct EventsTests {
  private static let session = "gt-rig1-toast"
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", session]

  private struct Event: Decodable {
    var event: String
    var time: String
    var sequence: Int
    var lost: Int
    var town: String
    var agent: String?
    var rig: String?
    var session: String?
    var bead: String?
    var pid: Int32?
    var exit_signal: Int32?
    var reason: String?
    var capsule: String?
  }

  /// Starts `gt events` in the background, with its output in a file, and returns when its stream has begun.
  private func watch(_ town: TownUser, _ words: String, to file: String) async throws {
    try await town.shell(
      """
      gt events \(words) >\(file) 2>\(file).errors </dev/null & echo $! >\(file).pid
      """)
    try await eventually("the stream") { (town.text(file) ?? "").contains("watching") }
  }

  private func events(_ town: TownUser, _ file: String) throws -> [Event] {
    try (town.text(file) ?? "").split(separator: "\n").map {
      try JSONDecoder().decode(Event.self, from: Data($0.utf8))
    }
  }

  @Test func `what happens is there as it happens, over restarts of the daemon, until Ctrl-C`() async throws {
    try await withTown(.init(rigs: ["rig2"], dropIn: "RestartSec=50ms")) { town in
      let agents = try await town.settle(Self.everybody.union(["gt-rig2-witness"]))
      try await town.event("agent_ready", session: "gt-rig2-witness")
      try await watch(town, "--json", to: "all")
      try await watch(town, "--json --agent rig1/toast --event crash_detected --event agent_restarted", to: "toast")
      try await watch(town, "--json --rig rig2", to: "other")
      try await watch(town, "", to: "lines")
      try await town.kill(try #require(agents[Self.session]))
      try await eventually("the agent's return") {
        let of = try events(town, "all").filter { $0.session == Self.session }.map(\.event)
        return of.last == "agent_ready" && of.contains("crash_detected")
      }
      let crash = try #require(try events(town, "all").first { $0.event == "crash_detected" })
      #expect(crash.town == town.town && crash.agent == "rig1/toast" && crash.rig == "rig1")
      #expect(crash.session == Self.session && crash.pid == agents[Self.session] && crash.exit_signal == 9)
      #expect(crash.bead == "gt-work-toast" && crash.capsule != nil && crash.lost == 0)
      #expect(try events(town, "toast").map(\.event) == ["stream_started", "crash_detected", "agent_restarted"])

      // The same as in the journal.
      let journal = try await town.journal().filter { $0["GT_EVENT"] != nil }
      let told = try events(town, "all").dropFirst()
      #expect(journal.suffix(told.count).map { $0["GT_EVENT"] } == told.map(\.event))

      // A restart, and a kill -9: each has its marker, and what the next daemon sees is there.
      for number in 1...2 {
        let main = try await town.mainPID()
        if number == 1 { try await town.systemctl("restart", "gastown-daemon") } else { try await town.kill(main) }
        try await eventually("the next stream", every: .milliseconds(100)) {
          let now = try events(town, "all")
          return now.count { $0.event == "stream_started" } == number + 1
            && now.last { $0.event == "daemon_ready" }.map { _ in true } == true
            && now.count { $0.event == "daemon_ready" } == number
        }
        #expect(try events(town, "all").count { $0.event == "stream_interrupted" } == number)
      }
      #expect(try events(town, "all").contains { $0.event == "daemon_stopping" })
      #expect(try events(town, "other").allSatisfy { $0.event.hasPrefix("stream_") })

      // A daemon that is stopped stays so, however many watch, also where its socket would wake it.
      try await town.systemctl("stop", "gastown-daemon.service")
      try await eventually("the stream's end") {
        try events(town, "all").count { $0.event == "stream_interrupted" } == 3
      }
      try await town.systemctl("start", "gastown-check.service")
      #expect(try await town.property("ActiveState") == "inactive")
      #expect(try await town.property("ActiveState", of: "gastown-daemon.socket") == "active")
      try await town.gt("daemon", "start")
      try await eventually("the stream goes on") {
        try events(town, "all").count { $0.event == "stream_started" } == 4
      }

      let lines = town.text("lines") ?? ""
      #expect(lines.contains("crash_detected: rig1/toast was killed by signal 9"))
      #expect(lines.contains("the daemon has ended; waiting for the next one"))
      for file in ["all", "toast", "other", "lines"] {
        // Not before it has handled the last one: it is written at once.
        let status = try await town.shell(
          """
          pid=$(cat \(file).pid); kill -INT $pid
          for i in $(seq 200); do [ -e /proc/$pid ] || { echo gone; exit 0; }; sleep 0.05; done
          """)
        #expect(status == "gone\n" && town.text("\(file).errors") == "")
      }
    }
  }

  @Test func `it ends well when it is interrupted, and when nobody reads any more`() async throws {
    try await withTown { town in
      try await town.settle(Self.everybody)
      // `timeout` passes the command's own status on.
      let interrupted = try await town.run(
        "bash", "-c", "timeout --preserve-status -s INT 2 gt events; echo $?")
      #expect(interrupted.output.hasSuffix("\n0\n"))
      let piped = try await town.run(
        "bash", "-c", "set -o pipefail; gt events --recent --json | head -n 2; echo ${PIPESTATUS[0]}")
      #expect(piped.output.contains("stream_started") && piped.output.hasSuffix("\n0\n"), "\(piped.output)")
    }
  }

  @Test(.requires(inBoot: "varlinkctl"))
  func `varlinkctl lists the interface, reads it, calls it and follows its stream`() async throws {
    try await withTown { town in
      try await town.settle(Self.everybody)
      let socket = "unix:$XDG_RUNTIME_DIR/gastown/control.sock"
      #expect(try await town.shell("varlinkctl list-interfaces \(socket)").contains("org.gastown.Daemon\n"))
      #expect(try await town.shell("varlinkctl introspect \(socket) org.gastown.Daemon").contains("method Watch("))
      let parameters = #"{"town":"\#(town.town)","recent":true,"events":["daemon_ready"]}"#
      let status = try await town.shell("varlinkctl call -j \(socket) org.gastown.Daemon.Status \"$1\"", parameters)
      #expect(status.contains(#""running":true"#))
      let wrong = try await town.run(
        "bash", "-c", #"varlinkctl call \#(socket) org.gastown.Daemon.Status '{"town": "/nowhere"}'"#)
      #expect(wrong.status != 0 && wrong.errors.contains("org.gastown.Daemon.WrongTown"))
      // It goes on until somebody ends it.
      let stream = try await town.run(
        "bash", "-c", "timeout 3 varlinkctl call -j --more \(socket) org.gastown.Daemon.Watch \"$1\"", "bash",
        parameters)
      #expect(stream.output.contains(#""event":"stream_started""#))
      #expect(stream.output.contains(#""event":"daemon_ready""#))
    }
  }

  @Test func `one that reads nothing holds up neither the daemon nor the others`() async throws {
    try await withTown(.init(dropIn: "WatchdogSec=3")) { town in
      try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      try await watch(town, "--json", to: "stopped")
      try await town.shell("kill -STOP $(cat stopped.pid)")
      try await watch(town, "--json", to: "reading")
      // Each reload is an event.
      try await town.shell("for i in $(seq 30); do systemctl --user reload gastown-daemon; done")
      try await eventually("every event") {
        try events(town, "reading").count { $0.event == "settings_reloaded" } == 30
      }
      #expect(try await town.mainPID() == main)
      try await town.shell("kill -CONT $(cat stopped.pid)")
      try await eventually("what was not lost") {
        try events(town, "stopped").count { $0.event == "settings_reloaded" } == 30
      }
      #expect(try events(town, "stopped").allSatisfy { $0.lost == 0 })
      try await town.shell("kill -INT $(cat stopped.pid) $(cat reading.pid)")
    }
  }
}
