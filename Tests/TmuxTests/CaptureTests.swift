// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Tmux

@Suite(.requires(executable: "tmux")) struct CaptureTests {
  @Test(arguments: [false, true]) func severalPanesInOneProcessAndAMissingOneSpoilsNothing(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
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
      #expect(tmux.runner.count == (lasting ? 0 : 1))
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

  @Test(arguments: [false, true]) func wrappedLinesAreJoined(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
      let long = String(repeating: "x", count: 450)
      let pane = try await tmux.create("gt-a", ["sh", "-c", "echo \(long); exec sleep 1000"]).id
      try await eventually("the line") {
        try await tmux.client.capture(panes: [PaneCapture(pane, lines: 10)])[pane] == [long]
      }
    }
  }

  @Test(arguments: [false, true]) func twoHundredAndFiftyPanesAreFourProcesses(lasting: Bool) async throws {
    try await withTmuxServer(lasting: lasting) { tmux in
      let one = try await tmux.create("gt-a", ["sh", "-c", "echo here; exec sleep 1000"]).id
      try await eventually("the line") {
        try await tmux.client.capture(panes: [PaneCapture(one, lines: 1)])[one] == ["here"]
      }
      tmux.runner.reset()
      let many = (0..<250).map { PaneCapture(PaneID(number: 100_000 + $0), lines: 100_000) }
      let texts = try await tmux.client.capture(panes: many + [PaneCapture(one, lines: 1)])
      #expect(texts == [one: ["here"]])
      #expect(tmux.runner.count == (lasting ? 0 : 4))
    }
  }
}
