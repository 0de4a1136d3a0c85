// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
@testable import Town
import TownFiles

@Suite struct RecordsTests {
  private let time = Timestamp("2026-11-22T11:59:52.170Z") ?? Timestamp(seconds: 0)

  private func with(_ body: (TownLayout, TownRecords) throws -> Void) async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      try body(layout, TownRecords(layout: layout))
    }
  }

  @Test(arguments: [
    ExitCause.exited(status: 3), .signalled(9), .serverGone, .sessionGone, .shellLeft, nil,
  ])
  func `a ledger is read back as it was written`(cause: ExitCause?) async throws {
    try await with { layout, records in
      try #expect(records.ledger() == Ledger())
      let life = ProcessLife(
        boot: "b", server: ServerIdentity(pid: 1, startedAt: 2), pane: "%3", pid: 4, startTime: UInt64.max)
      var record = AgentRecord()
      record.life = life
      record.since = time
      record.bury(AgentRecord.Grave(server: life.server, pane: "%9", pid: 4))
      record.bury(AgentRecord.Grave(server: life.server, pane: "%1", pid: 5))
      record.launch = AgentRecord.Launch(at: time, isRestart: true, hook: "gt-\u{E9}")
      record.restartPolicy.noteAttempt(at: time)
      record.restarts = 7
      record.toldRefusal = ""
      record.death = AgentRecord.Death(seenAt: time, life: life, cause: cause, hook: nil, told: ["x"])
      var ledger = Ledger()
      ledger[.polecat(rig: "r", name: "a")] = record
      let agents: [AgentIdentity] = [
        .mayor, .deacon, .witness(rig: "r-r"), .refinery(rig: "r"), .crew(rig: "r", name: "c-c"),
        .polecat(rig: "r", name: "witness-x"),
      ]
      for agent in agents { ledger.outbox.append(.cannotStart(agent, hook: "gt-\u{E9}", reason: "a\nb")) }
      try records.write(ledger)
      try #expect(records.ledger() == ledger)
      TestFile.write(#"{"version":1,"agents":{}}"#, to: layout.ledger)
      try #expect(records.ledger() == Ledger(), "one of before there was an outbox")
      try #expect(Disk.names(in: layout.path("daemon")) == ["restarts.json"])
    }
  }

  @Test func `whatever changes in a ledger is in the next file, and what has gone is in it no more`() async throws {
    try await with { _, records in
      var ledger = Ledger()
      for number in 0..<5 { ledger[.polecat(rig: "r", name: "a\(number)")].restarts = 1 + number }
      try records.write(ledger)
      try #expect(records.ledger() == ledger)
      ledger[.polecat(rig: "r", name: "a3")].toldRefusal = "\"}\n"
      ledger.heldBack = "},"
      try records.write(ledger)
      try #expect(records.ledger() == ledger)
      ledger[.polecat(rig: "r", name: "a3")] = AgentRecord()
      ledger[.witness(rig: "r")].restarts = 9
      // A name that a file may hold and no agent may bear.
      ledger.agents["a\"b\\"] = ledger[.witness(rig: "r")]
      try records.write(ledger)
      try #expect(records.ledger() == ledger)
      try records.write(Ledger())
      try #expect(records.ledger() == Ledger())
    }
  }

  @Test func `a ledger of a newer daemon, or cut short, is an error and stays as it is`() async throws {
    try await with { layout, records in
      try records.write(Ledger())
      for text in [#"{"version":2,"agents":{}}"#, #"{"version":1,"agents":{"#, ""] {
        TestFile.write(text, to: layout.ledger)
        #expect(throws: TownFileError.self) { try records.ledger() }
        #expect(TestFile.text(layout.ledger) == text)
      }
      let place = try records.setAside(layout.ledger, at: time)
      try #expect(records.ledger() == Ledger())
      #expect(TestFile.text(place) == "")
    }
  }

  @Test func `a ledger is written as long as it can be read, and one that is larger leaves the file as it was`()
    async throws
  {
    try await with { layout, records in
      var ledger = Ledger()
      ledger.heldBack = ""
      try records.write(ledger)
      let before = try #require(TestFile.bytes(layout.ledger))
      let spare = FileLimit.ledger - before.count
      ledger.heldBack = String(repeating: "x", count: spare + 1)
      let error = #expect(throws: TownFileError.self) { try records.write(ledger) }
      #expect(error?.code == .unwritable)
      #expect(error?.path == layout.ledger)
      #expect(error?.reason.contains("\(FileLimit.ledger + 1) bytes") == true, "\(String(describing: error))")
      #expect(TestFile.bytes(layout.ledger) == before)
      try #expect(Disk.names(in: layout.path("daemon")) == ["restarts.json"])
      // One byte less is read by the next daemon.
      ledger.heldBack = String(repeating: "x", count: spare)
      try records.write(ledger)
      let isSame = try TownRecords(layout: layout).ledger() == ledger
      #expect(isSame, "a ledger at the limit was not read back")
    }
  }

  @Test func `pending spawns are an array in the original's words, and none are []`() async throws {
    try await with { layout, records in
      try #expect(records.pendingSpawns() == [])
      try records.write([PendingSpawn]())
      #expect(TestFile.text(layout.pendingSpawns)?.filter { !$0.isWhitespace } == "[]")
      TestFile.write(
        #"[{"rig":"r","polecat":"a","session":"gt-r-a","issue":"x","spawned_at":"2026-11-22T03:59:52.17-08:00","mail_id":"m"}]"#,
        to: layout.pendingSpawns)
      let spawn = PendingSpawn(rig: "r", polecat: "a", session: "gt-r-a", issue: "x", spawnedAt: time, mailID: "m")
      try #expect(records.pendingSpawns() == [spawn])
      try records.write([spawn])
      try #expect(records.pendingSpawns() == [spawn])
    }
  }

  @Test func `the state and the last activity are in the interface's words`() async throws {
    try await with { layout, records in
      try records.write(DaemonState(running: true, pid: 5, startedAt: time, lastHeartbeat: time, heartbeatCount: 3))
      let state = try Disk.readJSON(JSONValue.self, from: layout.state).object
      #expect(state?.keys.sorted() == ["heartbeat_count", "last_heartbeat", "pid", "running", "started_at"])
      #expect(state?["started_at"] == .string("2026-11-22T11:59:52.170Z"))
      #expect(records.lastActivity() == nil)
      try records.write(Activity(lastCommand: "gt rig list", timestamp: time))
      #expect(records.lastActivity() == time)
      TestFile.write(#"{"last_command":"gt mail","timestamp":"2026-11-22T11:59:52.170000000Z"}"#, to: layout.activity)
      #expect(records.lastActivity() == time)
      TestFile.write("{", to: layout.activity)
      #expect(records.lastActivity() == nil)
    }
  }

  @Test(
    arguments: [("4711\n", 4711), ("  12 x", 12), ("", nil), ("-5", nil), ("1", nil), ("abc", nil)]
      as [(String, Int32?)])
  func `the original's PID file names a process, or none`(text: String, pid: Int32?) async throws {
    try await with { layout, _ in
      #expect(OriginalDaemon.recordedProcess(layout: layout) == nil)
      try Disk.write(Array(text.utf8), to: layout.originalPIDFile)
      #expect(OriginalDaemon.recordedProcess(layout: layout)?.pid == pid)
    }
  }

  @Test func `no number in a ledger can end the daemon`() async throws {
    try await with { layout, records in
      try records.write(Ledger())
      let big = Int.max
      TestFile.write(
        #"{"version":1,"agents":{"gt-r-a":{"backoff":{"attempts":\#(big)},"restarts":\#(big),"told_not_ready":false},"#
          + #""gt-r-b":{"backoff":{"attempts":-1},"restarts":-5,"told_not_ready":false}},"#
          + #""mass_death":{"since":"\#(time)","last":"\#(time)","cause":"x","count":\#(big),"told":[]}}"#,
        to: layout.ledger)
      let ledger = try records.ledger()
      #expect(ledger.agents["gt-r-a"]?.restarts == 1_000_000_000)
      #expect(ledger.agents["gt-r-a"]?.restartPolicy.attempts == 1_000_000_000)
      #expect(ledger.agents["gt-r-b"]?.restarts == 0 && ledger.agents["gt-r-b"]?.restartPolicy.attempts == 0)
      #expect(ledger.massDeath?.count == 1_000_000_000)
    }
  }
}
