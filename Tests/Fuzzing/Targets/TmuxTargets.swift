// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

@testable import Tmux

extension FuzzTarget {
  /// What `list-panes` prints: a pane that is understood is written as the same line.
  static let panes = FuzzTarget("panes") { input, _ in
    for line in text(input).split(separator: "\n") {
      _ = PaneListing.server(line)
      _ = CreatedPane(line: line)
      _ = SessionName(String(line))
      _ = PaneMark(String(line))
      guard let pane = PaneListing.pane(line) else { continue }
      let mark = line.split(separator: "|", maxSplits: 15, omittingEmptySubsequences: false)[14]
      let fields: [String] = [
        "\(pane.id)", "\(pane.pid)", "\(pane.index)", "\(pane.windowIndex)", pane.windowID, pane.sessionID,
        "\(pane.attachedClients)", "\(pane.sessionCreated)", pane.isDead ? "1" : "0",
        pane.deadStatus.map { "\($0)" } ?? "",
        pane.deadSignal.map { "\($0)" } ?? "", pane.deadTime.map { "\($0)" } ?? "", pane.isInMode ? "1" : "0",
        "\(pane.windowActivity)", String(mark), pane.session,
      ]
      try promise("a pane is read as written", PaneListing.pane(fields.joined(separator: "|")), equals: pane)
      if let mark = pane.mark {
        try promise("a mark is the pane's own", PaneMark(value: "\(pane.id):\(mark)", on: pane.id), equals: mark)
      }
    }
  }

  /// What a control-mode client is told, in whatever pieces it arrives. The first line has the sizes of the pieces.
  static let controlMode = FuzzTarget("control-mode") { input, _ in
    var pieces = Pieces(input)
    let sizes = pieces.line()
    let bytes = pieces.remainder()
    func blocks(_ chunks: [[UInt8]]) throws -> [ControlParser.Block] {
      var parser = ControlParser()
      return try chunks.flatMap { try parser.take($0) }
    }
    let whole = try blocks([bytes])
    try promise("the pieces make no difference", try blocks(Pieces.chunks(of: bytes, by: sizes)), equals: whole)
    try promise("nothing is made up", whole.reduce(0) { $0 + $1.text.count } <= bytes.count)
    var narrow = ControlParser(limit: 64)
    for chunk in Pieces.chunks(of: bytes, by: sizes) {
      do {
        for block in try narrow.take(chunk) { try promise("a block has its limit", block.text.count <= 64 + 256) }
      } catch is ControlParser.Overflow { break }
    }
    var exchange = ControlExchange()
    let now = ContinuousClock.now
    let asked = (0..<3).map { exchange.add([["list-panes", "-a"]], at: now, token: "done-\($0)").id }
    var answered: [UInt64] = []
    for chunk in Pieces.chunks(of: bytes, by: sizes) {
      guard let answers = try? exchange.take(chunk, at: now) else { break }
      answered += answers.map(\.id)
    }
    try promise("answers come in the order of the requests", answered, equals: Array(asked.prefix(answered.count)))
    try promise("who is answered waits no longer", exchange.pending, equals: Array(asked.dropFirst(answered.count)))
  }

  /// What is captured of several panes in one call.
  static let capture = FuzzTarget("capture") { input, _ in
    let transcript = CaptureTranscript(token: "t")
    let lines = text(input).split(separator: "\n", omittingEmptySubsequences: false)
    for number in 0...2 {
      guard let pane = transcript.text(of: PaneCapture(PaneID(number: number), lines: 5), in: lines) else { continue }
      try promise("no more lines than asked for", pane.lines.count <= 5)
      try promise("no line of another pane's", !pane.lines.contains { $0.hasPrefix("t.") })
      try promise("no spaces at the end", pane.lines.allSatisfy { $0.last != " " })
      try promise("no empty line at the end", pane.lines.last?.isEmpty != true)
      _ = CrashCapsule.Words(
        lines: pane.lines, tmuxVersion: pane.version, diedAt: pane.deadTime.map { Timestamp(seconds: Int64($0)) })
    }
    for line in lines.prefix(8) { _ = TmuxError(complaint: String(line), operation: "") }
  }

  /// Words on their way to tmux: they arrive as they are, and a line remains a line.
  static let tmuxWords = FuzzTarget("tmux-words") { input, _ in
    let words = text(input).split(separator: "\0", omittingEmptySubsequences: false).map(String.init)
    for word in words {
      let line = ControlLine.encoded(word)
      try promise("a word ends no line", !line.unicodeScalars.contains { $0.value < 0x20 || $0.value == 0x7F })
      try promise("tmux reads what was meant", TmuxWord.read(line), equals: Array(word.unicodeScalars))
      let literal = TmuxArgument.literal(inFormat: word)
      try promise(
        "a format is expanded to what was meant", TmuxWord.expanded(literal), equals: Array(word.unicodeScalars))
      let typed = TypedText.withoutControls(word)
      try promise("nothing that is typed acts on a terminal", isInertForTyping(typed))
      try promise("typing it twice is no different", TypedText.withoutControls(typed), equals: typed)
    }
    try promise(
      "commands stand in one line", ControlLine.text(of: [words, words]).unicodeScalars.contains("\n") == false)
  }

  private static func isInertForTyping(_ text: String) -> Bool {
    text.unicodeScalars.allSatisfy { $0 == "\n" || $0 == "\t" || $0.properties.generalCategory != .control }
  }

  /// What a pane shows, line by line; the first is what was typed.
  static let readiness = FuzzTarget("readiness") { input, _ in
    var pieces = Pieces(input)
    let typed = text(pieces.line())
    let lines = text(pieces.remainder()).split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let judgement = Readiness.judge(lines)
    try promise("empty lines below mean nothing", Readiness.judge(lines + ["", "  "]), equals: judgement)
    try promise("one that is busy is not ready", Readiness.judge(lines + ["esc to interrupt"]), equals: .busy)
    _ = Readiness.isStillTyped(typed, lines: lines)
  }
}
