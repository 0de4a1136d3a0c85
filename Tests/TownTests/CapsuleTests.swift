// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Testing

@testable import Town

/// What a capsule says of a death, and its file's layout.
@Suite struct CapsuleTests {
  private static let signals: [ExitCause?] = [.signalled(9), .signalled(15), .sessionGone]

  private func report(
    _ cause: ExitCause?, intent: LifecycleIntent? = nil, hold: Hold? = nil, waiting: Bool = false
  ) -> DeathReport {
    var report = DeathReport(
      Given.toast, seenAt: Given.now, cause: cause, life: Given.life(), since: Given.ago(100),
      remains: Given.corpse(cause).remains(of: Given.life()), restarts: 2, hook: "gt-x1", intent: intent, hold: hold)
    report.wasWaiting = waiting
    return report
  }

  private func memory(_ kills: Int64, before: Int64?) -> MemoryEvents {
    MemoryEvents(controlGroup: "/a", counts: ["oom": 5, "oom_kill": kills], killsBefore: before)
  }

  // MARK: Ids

  @Test func `an id sorts by time, is safe as a file's name, and tells its session`() {
    let times: [Int64] = [0, 5_000_000, 50_000_000, 999_000_000, 1_000_000_000, 3_600_000_000_000]
    let ids = times.map { CrashCapsule.id(time: Timestamp(nanoseconds: $0), session: "gt-a-b") }
    #expect(ids == ids.sorted() && Set(ids).count == ids.count)
    #expect(ids[1] == "19700101T000000.005Z-gt-a-b")
    #expect(ids.allSatisfy { CrashCapsule.session(ofID: $0) == "gt-a-b" })
    #expect(ids.allSatisfy { $0.allSatisfy { $0.isLetter || $0.isNumber || $0 == "-" || $0 == "." } })
  }

  @Test(arguments: [
    "", "x", "19700101T000000.005Z-", "19700101T000000.005Z", "19700101T000000.005Z-../x", "19700101 000000.005Z-gt-a",
    "1970010xT000000.005Z-gt-a", "19700101T000000.005Z-gt/a",
  ])
  func `what is no id of ours is none`(text: String) {
    #expect(CrashCapsule.session(ofID: text) == nil)
  }

  // MARK: Classes and who did it

  @Test(arguments: [
    (ExitCause.exited(status: 0), false, DeathClass.cleanExit), (.exited(status: 3), false, .crash),
    (.exited(status: 127), false, .crash), (.exited(status: 127), true, .commandNotFound),
    (.exited(status: 126), true, .commandNotFound), (.exited(status: 0), true, .neverReady),
    (.exited(status: 3), true, .neverReady), (.signalled(9), true, .killed), (.signalled(11), false, .killed),
    (.shellLeft, false, .deadShell), (.serverGone, true, .serverGone), (.sessionGone, false, .vanished),
  ])
  func `every cause has its class`(cause: ExitCause, waiting: Bool, kind: DeathClass) {
    #expect(DeathClass(cause, wasWaiting: waiting) == kind)
    #expect(DeathClass(nil, wasWaiting: waiting) == .unknown)
  }

  @Test(arguments: CapsuleTests.signals)
  func `who ended an agent is told as far as it is known`(cause: ExitCause?) {
    func killer(_ report: DeathReport, _ memory: MemoryEvents? = nil) -> Killer? { Killer(of: report, memory: memory) }
    func intent(mail: String? = nil, _ step: LifecycleIntent.Step = .ending) -> LifecycleIntent {
      LifecycleIntent(
        action: .restart, mail: mail, who: "ada", at: Given.now, life: Given.life(), hook: nil, step: step)
    }
    #expect(killer(report(cause)) == .unknown)
    #expect(killer(report(cause, intent: intent())) == .person("ada"))
    #expect(killer(report(cause, intent: intent(mail: "gt-1"))) == .daemon)
    #expect(killer(report(cause, intent: intent(mail: "gt-1", .claimed))) == .unknown)
    #expect(killer(report(cause, hold: Given.stopped)) == .person("ada"))
    #expect(killer(report(cause, hold: Given.held)) == .unknown)
    #expect(killer(report(cause), memory(2, before: nil)) == .unknown)
    #expect(killer(report(cause), memory(2, before: 2)) == .unknown)
    #expect(killer(report(cause), memory(2, before: 1)) == (cause == .signalled(9) ? .outOfMemory : .unknown))
    #expect(killer(report(cause, intent: intent()), memory(2, before: 1)) == .person("ada"))
    // What systemd says of the agent's own unit holds also where the group's counts are gone, and for a unit of
    // others that was ended as a whole.
    var reported = MemoryEvents(controlGroup: "/a.scope", counts: [:], isReported: true)
    let isOfSystemd = cause == .signalled(9) || cause == .signalled(15)
    #expect(killer(report(cause), reported) == (isOfSystemd ? .outOfMemory : .unknown))
    reported.isReported = false
    #expect(killer(report(cause), reported) == .unknown)
  }

  @Test func `an end for want of memory by recorded values of memory.events`() throws {
    // As a kernel has it: before, after a child was killed, after the agent was.
    let before = "low 0\nhigh 0\nmax 0\noom 0\noom_kill 0\noom_group_kill 0\n"
    let after = "low 0\nhigh 0\nmax 412\noom 1\noom_kill 1\noom_group_kill 0\n"
    let counts = try #require(MemoryEvents.counts(after))
    let first = try #require(MemoryEvents.counts(before)?["oom_kill"])
    let memory = MemoryEvents(controlGroup: "/a.scope", counts: counts, killsBefore: first)
    let capsule = CrashCapsule(report(.signalled(9)), words: .unknown("gone"), memory: memory)
    #expect(capsule.killedBy == "oom_killer" && capsule.how.contains("OOM killer"))
    let unchanged = MemoryEvents(controlGroup: "/a.scope", counts: counts, killsBefore: 1)
    #expect(CrashCapsule(report(.signalled(9)), words: .unknown("gone"), memory: unchanged).killedBy == "unknown")
    #expect(CrashCapsule(report(.exited(status: 1)), words: .unknown("gone"), memory: memory).killedBy == nil)
  }

  @Test(arguments: [ExitCause.exited(status: 1), .exited(status: 0), .serverGone, .shellLeft, nil])
  func `who went of himself was killed by nobody`(cause: ExitCause?) {
    #expect(Killer(of: report(cause, hold: Given.stopped), memory: memory(2, before: 1)) == nil)
  }

  // MARK: What it holds

  @Test func `the time of the death is tmux's, unless the look was as quick`() {
    func capsule(diedAgo: Int64?) -> CrashCapsule {
      CrashCapsule(
        report(.signalled(9)),
        words: .known(CrashCapsule.Words(lines: [], diedAt: diedAgo.map { Given.ago($0) })), startedAt: Given.ago(1_000)
      )
    }
    #expect(capsule(diedAgo: 1).diedAt == Given.now && capsule(diedAgo: 1).uptime == .seconds(1_000))
    #expect(capsule(diedAgo: 300).diedAt == Given.ago(300) && capsule(diedAgo: 300).uptime == .seconds(700))
    #expect(capsule(diedAgo: nil).diedAt == nil && capsule(diedAgo: nil).uptime == .seconds(1_000))
    #expect(CrashCapsule(report(.serverGone), words: .unknown("gone")).uptime == .seconds(100))
  }

  @Test func `lines are the last ones, and none is endless`() {
    let lines = (1...300).map { "line \($0)" } + [String(repeating: "x", count: 10_000)]
    let capsule = CrashCapsule(report(.exited(status: 1)), words: .known(CrashCapsule.Words(lines: lines)))
    let kept = capsule.lastWords.value ?? []
    #expect(kept.count == CrashCapsule.lineLimit && kept.first == "line 102")
    #expect(kept.last?.count == CrashCapsule.lineLength)
    #expect(capsule.epitaph.count == 3 && capsule.epitaph.allSatisfy { $0.count <= 241 })
  }

  @Test func `last words leave out the frame of a text interface and a bare prompt`() {
    let cases: [(String, String?)] = [
      ("╭──────────╮", nil), ("│ > hello  │", "> hello"), ("│ >        │", nil), ("╰── 12 % ──╯", "12 %"), ("> ", nil),
      (" ❯", nil), ("> run the tests", "> run the tests"), ("  indented", "  indented"), ("a | b", "a | b"),
      ("▌ Error: no key", "Error: no key"),
    ]
    for (line, expected) in cases { #expect(CrashCapsule.withoutFrame(line) == expected, "\(line)") }
    func epitaph(_ lines: String...) -> [String] {
      CrashCapsule(report(.exited(status: 1)), words: .known(CrashCapsule.Words(lines: lines))).epitaph
    }
    #expect(epitaph("Error: no key", "╭───╮", "│ > │", "╰───╯") == ["Error: no key"])
    #expect(epitaph("╭───╮", "> ") == ["╭───╮", "> "], "better than nothing")
  }

  @Test func `an epitaph is harmless, and leaves out what says nothing`() {
    let words = CrashCapsule.Words(lines: ["a", "", "b\u{1B}[2Jc", "   ", "d\u{202E}e", ""])
    let capsule = CrashCapsule(report(.exited(status: 1)), words: .known(words))
    #expect(capsule.epitaph == ["a", "b\u{FFFD}[2Jc", "d\u{FFFD}e"])
  }

  private let keys: Set<String> = [
    "version", "id", "agent", "role", "session", "seen_at", "died_at", "started_at", "uptime_seconds", "cause",
    "exit_status", "exit_signal", "killed_by", "killed_by_name", "pid", "restarts", "hook_bead", "last_words",
    "last_words_missing", "worktree", "worktree_missing", "tmux_server", "tmux_version", "pane", "memory_events",
  ]

  private func encoded(_ capsule: CrashCapsule) throws -> [String: JSONValue] {
    let data = try JSONEncoder().encode(capsule)
    #expect(try JSONDecoder().decode(CrashCapsule.self, from: data) == capsule)
    return try #require(try JSONDecoder().decode(JSONValue.self, from: data).object)
  }

  @Test func `the file's layout is fixed, and what is not known is null`() throws {
    let bare = try encoded(
      CrashCapsule(
        DeathReport(Given.toast, seenAt: Given.now, cause: .serverGone), words: .unknown("gone"),
        worktree: .unknown("none")))
    #expect(Set(bare.keys) == keys)
    for key in ["died_at", "started_at", "uptime_seconds", "exit_status", "killed_by", "hook_bead", "last_words"] {
      #expect(bare[key] == .null, "\(key)")
    }
    #expect(bare["last_words_missing"] == .string("gone") && bare["worktree_missing"] == .string("none"))
    #expect(bare["cause"] == .string("server_gone") && bare["restarts"] == .integer(0))

    let tree = CrashCapsule.Worktree(
      directory: "/t", branch: nil, head: "abc", dirtyFiles: ["a b"], dirtyCount: 1, readAt: Given.now)
    let full = try encoded(
      CrashCapsule(
        report(.signalled(9), hold: Given.stopped),
        words: .known(CrashCapsule.Words(lines: ["x"], tmuxVersion: "3.3a", diedAt: Given.now)),
        startedAt: Given.ago(90), memory: memory(1, before: nil), worktree: .known(tree)))
    #expect(Set(full.keys) == keys)
    #expect(full["id"] == .string("20270115T080000.000Z-gt-my-rig-toast"))
    #expect(full["agent"] == .string("my-rig/toast") && full["role"] == .string("polecat"))
    #expect(full["cause"] == .string("killed") && full["exit_signal"] == .integer(9) && full["exit_status"] == .null)
    #expect(full["killed_by"] == .string("person") && full["killed_by_name"] == .string("ada"))
    #expect(full["uptime_seconds"] == .integer(90) && full["died_at"] == .string("2027-01-15T08:00:00Z"))
    #expect(full["last_words"] == .array([.string("x")]) && full["last_words_missing"] == .null)
    #expect(full["tmux_version"] == .string("3.3a") && full["tmux_server"] == .string("ours"))
    #expect(full["pane"] == .string("%1") && full["pid"] == .integer(4711) && full["hook_bead"] == .string("gt-x1"))
    #expect(
      full["worktree"]
        == .object([
          "directory": .string("/t"), "branch": .null, "head": .string("abc"), "dirty_files": .array([.string("a b")]),
          "dirty_count": .integer(1), "read_at": .string("2027-01-15T08:00:00Z"),
        ]))
    #expect(
      full["memory_events"]
        == .object([
          "cgroup": .string("/a"), "counts": .object(["oom": .integer(5), "oom_kill": .integer(1)]),
          "oom_kill_before": .null, "oom_reported": .null,
        ]))
  }

  @Test func `a capsule of a newer daemon is refused, not misread`() throws {
    var capsule = CrashCapsule(report(nil), words: .unknown("gone"))
    capsule.version = 2
    let data = try JSONEncoder().encode(capsule)
    #expect(throws: DecodingError.self) { try JSONDecoder().decode(CrashCapsule.self, from: data) }
  }

  // MARK: git, memory, and what is kept

  @Test func `git's status is read whole`() {
    let status = [
      "# branch.oid 0123", "# branch.head polecat/toast", "# branch.ab +0 -0",
      "1 .M N... 100644 100644 100644 aa bb a file.txt", "2 R. N... 100644 100644 100644 aa bb R100 new name",
      "old name",
      "u UU N... 1 1 1 1 a b c both", "? untracked dir/",
    ].joined(separator: "\0")
    let tree = CrashCapsule.Worktree(directory: "/t", status: status, readAt: Given.now)
    #expect(tree.branch == "polecat/toast" && tree.head == "0123" && tree.dirtyCount == 4)
    #expect(tree.dirtyFiles == ["a file.txt", "new name", "both", "untracked dir/"])
    let detached = CrashCapsule.Worktree(
      directory: "/t", status: "# branch.oid (initial)\0# branch.head (detached)\0", readAt: Given.now)
    #expect(detached.branch == nil && detached.head == nil && detached.dirtyFiles.isEmpty)
    let many = (1...150).map { "? \($0)" }.joined(separator: "\0")
    let long = CrashCapsule.Worktree(directory: "/t", status: many, readAt: Given.now)
    #expect(long.dirtyFiles.count == CrashCapsule.dirtyLimit && long.dirtyCount == 150)
  }

  @Test func `the kernel's counts are read, and rubbish is not`() {
    #expect(MemoryEvents.counts("low 0\nhigh 3\noom_kill 12\n") == ["low": 0, "high": 3, "oom_kill": 12])
    #expect(MemoryEvents.counts("") == nil && MemoryEvents.counts("what\nis this thing\n") == nil)
  }

  @Test func `the newest capsules are kept, by number and by size`() {
    let files = (0..<10).map { CapsuleShelf.File(name: "\($0)", size: 10) }
    #expect(CapsuleShelf.excess(files) == [])
    #expect(CapsuleShelf.excess(files, count: 7) == ["0", "1", "2"])
    #expect(CapsuleShelf.excess(files, bytes: 39) == (0..<7).map { "\($0)" })
    #expect(CapsuleShelf.excess(files, bytes: 1) == (0..<9).map { "\($0)" })
    // One that is too large hides none of the older ones: what is older goes first.
    let mixed = files.map { $0.name == "5" ? CapsuleShelf.File(name: "5", size: 1_000) : $0 }
    #expect(CapsuleShelf.excess(mixed, bytes: 100) == (0..<6).map { "\($0)" })
    #expect(CapsuleShelf.countLimit == 500 && CapsuleShelf.byteLimit == 100_000_000)
  }
}
