// SPDX-License-Identifier: Apache-2.0

import Testing
import Tmux

@Suite struct PaneListingTests {
  @Test func everyFieldIsRead() throws {
    let pane = PaneListing.pane("%3|4711|1|2|@5|$6|1|1700000000|0||||1|1700000009|%3:gt-a/1|gt-a")
    #expect(
      pane
        == Pane(
          id: PaneID(number: 3), session: "gt-a", sessionID: "$6", attachedClients: 1, sessionCreated: 1_700_000_000,
          windowIndex: 2, windowID: "@5", index: 1, pid: 4711, isInMode: true, windowActivity: 1_700_000_009,
          mark: PaneMark("gt-a/1")))
  }

  @Test func deaths() throws {
    let exited = try #require(PaneListing.pane("%3|4711|0|0|@5|$6|0|17|1|3||99|0|18||a"))
    #expect(exited.isDead && exited.deadStatus == 3 && exited.deadSignal == nil && exited.deadTime == 99)
    let killed = try #require(PaneListing.pane("%3|4711|0|0|@5|$6|0|17|1||9|99|0|18||a"))
    #expect(killed.isDead && killed.deadStatus == nil && killed.deadSignal == 9)
    let missed = try #require(PaneListing.pane("%3|4711|0|0|@5|$6|0|17|1||||0|18||a"))
    #expect(missed.endIsUnknown && !killed.endIsUnknown && !exited.endIsUnknown)
  }

  @Test func aSessionsNameMayHoldTheSeparator() {
    #expect(PaneListing.pane("%3|4711|0|0|@5|$6|0|17|0||||0|18||a|b c|")?.session == "a|b c|")
  }

  @Test func theMarkOfAnotherPaneIsNone() {
    #expect(PaneListing.pane("%3|4711|0|0|@5|$6|0|17|0||||0|18|%33:gt-a|a")?.mark == nil)
    #expect(PaneListing.pane("%3|4711|0|0|@5|$6|0|17|0||||0|18|gt-a|a")?.mark == nil)
  }

  @Test(arguments: [
    "", "x", "%3|4711", "3|4711|0|0|@5|$6|0|17|0||||0|18||a", "%3|x|0|0|@5|$6|0|17|0||||0|18||a",
    "%3|4711|0|0|5|$6|0|17|0||||0|18||a", "%3|4711|0|0|@5|$6|0|17|1|x|||0|18||a",
  ])
  func otherLinesAreNone(line: String) {
    #expect(PaneListing.pane(line) == nil)
  }

  @Test func servers() {
    #expect(PaneListing.server("812 1700000000") == ServerLife(pid: 812, startTime: 1_700_000_000))
    for line in ["", "812", "x 1", "812 y", "0 1", "1 2 3"] {
      #expect(PaneListing.server(line) == nil, "\(line)")
    }
  }

  @Test func controlsAreLeftOutOfTypedText() {
    #expect(TypedText.withoutControls("a\tb\nc") == "a\tb\nc")
    #expect(TypedText.withoutControls("\u{1B}[201~x\r\u{7F}\u{9B}1m\u{0}é❯\u{A0}") == "[201~x1mé❯\u{A0}")
    #expect(TypedText.withoutControls("a\r\nb") == "a\nb")
  }
}
