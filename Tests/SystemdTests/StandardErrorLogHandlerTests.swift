// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc
import Logging
import Testing

@testable import Systemd

struct StandardErrorLogHandlerTests {
  private func line(
    _ style: StandardErrorLogHandler.Style, _ message: Logger.Message, _ metadata: Logger.Metadata = [:],
    level: Logger.Level = .notice
  ) -> String {
    let handler = StandardErrorLogHandler(
      style: style, queue: LogQueue { _, _ in true }, now: { Date(timeIntervalSince1970: 1_763_911_080.5) })
    return handler.line(
      of: LogEvent(
        level: level, message: message, error: nil, metadata: metadata, source: nil, file: "", function: "", line: 1))
  }

  @Test func lineIsReadable() {
    #expect(
      line(.readable(colours: false), "agent started", ["agent": "my-rig/toast", "reason": "no \"pane\"", "none": ""])
        == #"2025-11-23T15:18:00.500Z notice agent started agent=my-rig/toast none="" reason="no \"pane\"""#)
  }

  @Test func prefixIsTheSyslogPriority() {
    #expect(line(.prefixed, "lost", level: .critical) == "<2>lost")
    #expect(line(.prefixed, "found", level: .trace) == "<7>found")
  }

  @Test func nothingSteersTheTerminal() {
    let text = line(.prefixed, "a\u{1B}[2Jb\n<0>c", ["k\u{7}": "\u{202E}x\u{9B}31m\r\t\0"])
    #expect(text == #"<5>a\u{1B}[2Jb\n<0>c k\u{7}=\u{202E}x\u{9B}31m\r\t\u{0}"#)
  }

  @Test func coloursAreOnlyAroundWhatIsOurs() {
    let text = line(.readable(colours: true), "m", level: .error)
    #expect(text == "\u{1B}[2m2025-11-23T15:18:00.500Z\u{1B}[0m \u{1B}[31merror\u{1B}[0m m")
  }

  @Test func lineIsWrittenWithWhatWasDropped() throws {
    let pair = try SocketPair()
    let entry = LogEntry(parts: [Array("message".utf8)])
    #expect(StandardErrorLogHandler.write(entry, dropped: 2, field: "GT_DROPPED", to: pair.first))
    var buffer = [UInt8](repeating: 0, count: 100)
    let count = read(pair.second, &buffer, buffer.count)
    #expect(String(decoding: buffer[..<max(0, count)], as: UTF8.self) == "message GT_DROPPED=2\n")
    #expect(!StandardErrorLogHandler.write(entry, dropped: 0, field: "GT_DROPPED", to: -1))
  }
}
