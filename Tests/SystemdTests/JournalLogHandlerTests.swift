// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Synchronization
import Testing

@testable import Systemd

struct JournalLogHandlerTests {
  @Test(arguments: [
    ("GT_AGENT", "GT_AGENT"), ("peer-uid", "PEER_UID"), ("_PID", "PID"), ("__", "X"), ("", "X"), ("1st", "X1ST"),
    ("größe", "GR____E"), ("a=b\nc", "A_B_C"),
    (String(repeating: "a", count: 70), String(repeating: "A", count: 64)),
  ])
  func keyBecomesAFieldName(key: String, name: String) {
    #expect(JournalField.name(key) == name)
  }

  @Test func eventBecomesFields() {
    var handler = JournalLogHandler(identifier: "gastown-daemon", queue: LogQueue { _, _ in true })
    handler[metadataKey: "GT_TOWN"] = "/home/a/gt"
    handler[metadataKey: "shared"] = "handler"
    handler.metadataProvider = Logger.MetadataProvider { ["shared": "provider", "provided": "yes"] }
    let event = LogEvent(
      level: .warning, message: "two\nlines\0", error: nil,
      metadata: ["shared": "event", "message": "forged", "PRIORITY": "0", "code_file": "x", "MESSAGE_ID": "4f"],
      source: nil, file: "Supervision/Turn.swift", function: "run()", line: 12)
    let fields = handler.fields(of: event).map { String(decoding: $0, as: UTF8.self) }
    #expect(
      fields == [
        "MESSAGE=two\nlines\0", "PRIORITY=4", "SYSLOG_IDENTIFIER=gastown-daemon", "CODE_FILE=Supervision/Turn.swift",
        "CODE_LINE=12", "CODE_FUNC=run()", "GT_TOWN=/home/a/gt", "MESSAGE_ID=4f", "X_PRIORITY=0", "X_CODE_FILE=x",
        "X_MESSAGE=forged", "PROVIDED=yes", "SHARED=event",
      ])
  }

  @Test func loggerReachesTheQueue() async {
    let entries = Mutex<[LogEntry]>([])
    let queue = LogQueue { entry, _ in
      entries.withLock { $0.append(entry) }
      return true
    }
    var logger = Logger(label: "test") { _ in JournalLogHandler(identifier: "test", queue: queue) }
    logger[metadataKey: "GT_RIG"] = "my-rig"
    logger.debug("unseen")
    logger.error("seen", error: CancellationError())
    #expect(await queue.flush(within: .seconds(10)))
    let fields = entries.withLock { $0 }.map { $0.parts.map { String(decoding: $0, as: UTF8.self) } }
    #expect(fields.count == 1)
    #expect(fields.first?.contains("GT_RIG=my-rig") == true)
    #expect(fields.first?.contains("ERROR=CancellationError()") == true)
  }

  @Test(.enabled(if: access(LogDestination.journalSocket, W_OK) == 0, "there is no journal here"))
  func journalTakesEntriesOfAnySize() {
    let large = JournalField.bytes("GT_LARGE", String(repeating: "x", count: 1_200_000))
    let entry = LogEntry(parts: [JournalField.bytes("MESSAGE", "test\0 of\nany bytes"), large])
    #expect(JournalLogHandler.send(entry, dropped: 3, field: "GT_DROPPED"))
  }
}
