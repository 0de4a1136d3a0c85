// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import Tmux

@Suite(.requires(executable: "tmux")) struct CaptureTests {
  @Test func severalPanesInOneProcessAndAMissingOneSpoilsNothing() async throws {
    try await withTmuxServer { tmux in
      let one = try await tmux.create("gt-a", ["sh", "-c", "seq 300; printf '❯\\302\\240 \\n> '; exec sleep 1000"]).id
      let two = try await tmux.create("gt-a-b", ["sh", "-c", "seq 1000 1200; echo last words >&2; exit 3"]).id
      let empty = try await tmux.create("gt-c").id
      _ = try await tmux.death(of: two)
      let missing = PaneID(number: 999)
      let wanted = [
        PaneCapture(missing, lines: 5), PaneCapture(one, lines: 4), PaneCapture(two, lines: 1000),
        PaneCapture(empty, lines: 5),
      ]
      let texts =
        try await eventually("both texts") {
          tmux.runner.reset()
          let texts = try await tmux.client.capture(panes: wanted)
          return texts[one]?.last == ">" ? texts : nil
        } as [PaneID: [String]]
      #expect(tmux.runner.count == 1)
      #expect(texts[missing] == nil)
      #expect(texts[one] == ["299", "300", "❯\u{A0}", ">"])
      #expect(texts[empty] == [])
      let words = try #require(texts[two])
      #expect(words == (1000...1200).map(String.init) + ["last words"])
      let alone = try await tmux.client.capture(panes: [PaneCapture(missing, lines: 5)])
      #expect(alone == [:])
      let none = try await tmux.client.capture(panes: [])
      #expect(none == [:])
    }
  }

  @Test func wrappedLinesAreJoined() async throws {
    try await withTmuxServer { tmux in
      let long = String(repeating: "x", count: 450)
      let pane = try await tmux.create("gt-a", ["sh", "-c", "echo \(long); exec sleep 1000"]).id
      try await eventually("the line") {
        try await tmux.client.capture(panes: [PaneCapture(pane, lines: 10)])[pane] == [long]
      }
    }
  }

  @Test func twoHundredAndFiftyPanesAreFourProcesses() async throws {
    try await withTmuxServer { tmux in
      let one = try await tmux.create("gt-a", ["sh", "-c", "echo here; exec sleep 1000"]).id
      try await eventually("the line") {
        try await tmux.client.capture(panes: [PaneCapture(one, lines: 1)])[one] == ["here"]
      }
      tmux.runner.reset()
      let many = (0..<250).map { PaneCapture(PaneID(number: 100_000 + $0), lines: 100_000) }
      let texts = try await tmux.client.capture(panes: many + [PaneCapture(one, lines: 1)])
      #expect(texts == [one: ["here"]])
      #expect(tmux.runner.count == 4)
    }
  }

  @Test func onlyTheProcessThatIsNamedIsHeard() async throws {
    try await withTmuxServer { tmux in
      // It waits: of what is printed and ends at once tmux 3.3a loses some, now and then also with a pipe.
      let dead = try await tmux.create("gt-a", ["sh", "-c", "echo last words; read -r go; exit 3"])
      try await eventually("its words") {
        try await tmux.client.capture(panes: [PaneCapture(dead.id, lines: 1)])[dead.id] == ["last words"]
      }
      _ = try await tmux.runner.run(
        Command(
          "tmux", tmux.client.server.arguments + ["-N", "send-keys", "-t", "\(dead.id)", "Enter"],
          deadline: .seconds(30)))
      let alive = try await tmux.create("gt-b", ["sh", "-c", "echo here; exec sleep 1000"])
      let time = try #require(try await tmux.death(of: dead.id).deadTime)
      func capture(_ pane: CreatedPane, server: Int32 = 0, pid: Int32 = 0) async throws -> CapturedPane? {
        let process = PaneCapture.Process(server: tmux.identity.pid + server, pid: pane.pid + pid)
        return try await tmux.client.captureWithFacts(panes: [PaneCapture(pane.id, lines: 9, of: process)])[pane.id]
      }
      let text = try #require(try await capture(dead))
      #expect(text.lines == ["last words"] && text.deadTime == time)
      let version = try await tmux.runner.run(Command("tmux", ["-V"], deadline: .seconds(10))).output
      #expect(version == "tmux \(text.version)\n")
      #expect(try await capture(alive)?.deadTime == nil)
      let others = [
        try await capture(dead, pid: 1), try await capture(dead, server: 1), try await capture(alive, pid: -1),
      ]
      #expect(others == [nil, nil, nil])
    }
  }

  @Test(arguments: [0, 5, 200])
  func whatTmuxItselfWritesIntoADeadPaneIsLeftOut(before: Int) async throws {
    try await withTmuxServer { tmux in
      for (words, script) in [
        ("> ", "printf '> '"), ("the end", "echo the end"), ("", ":"),
        ("Pane is dead (or so", "printf 'Pane is dead (or so'"),
      ] {
        // What is printed at the very end tmux 3.3a may lose, and that is not what this is about.
        let program = "seq \(before); \(script); sleep 0.3; exit 3"
        let pane = try await tmux.create("gt-\(script.utf8.count)", ["sh", "-c", program]).id
        _ = try await tmux.death(of: pane)
        let lines = try #require(try await tmux.client.capture(panes: [PaneCapture(pane, lines: 1_000)])[pane])
        let last = words == "> " ? ">" : words
        let seen = (before == 0 ? [] : (1...before).map(String.init)) + (last.isEmpty ? [] : [last])
        #expect(lines == seen, "\(script)")
      }
    }
  }
}
