// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Town
import TownFiles
import Glibc

/// Capsules and histories on the disk.
@Suite struct EvidenceFilesTests {
  private let toast = AgentIdentity.polecat(rig: "rig", name: "toast")

  private func with(_ body: (TownLayout) async throws -> Void) async throws {
    try await TemporaryDirectory.with { try await body(TownLayout(root: $0.path)) }
  }

  private func capsule(_ seconds: Int64, _ agent: AgentIdentity? = nil) -> CrashCapsule {
    CrashCapsule(
      DeathReport(agent ?? toast, seenAt: Timestamp(seconds: seconds), cause: .exited(status: 1)),
      words: .known(CrashCapsule.Words(lines: ["last words \(seconds)"])))
  }

  private func mode(_ path: String) -> mode_t? {
    var status = stat()
    return lstat(path, &status) == 0 ? status.st_mode & 0o777 : nil
  }

  // MARK: Capsules

  @Test func `capsules are private, whole, and listed from the newest`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      #expect(try shelf.ids() == [])
      let all = [capsule(5), capsule(900), capsule(60, .deacon)]
      for capsule in all { try shelf.write(capsule) }
      #expect(try shelf.ids() == [all[1], all[2], all[0]].map(\.id))
      #expect(try shelf.read(all[2].id) == all[2] && shelf.contains(all[0].id) && !shelf.contains("other"))
      #expect(mode(town.crashes) == 0o700 && mode(shelf.path(of: all[0].id)) == 0o600)
      var more = all[0]
      more.worktree = .unknown("git hangs")
      try shelf.write(more)
      #expect(try shelf.read(more.id) == more && shelf.ids().count == 3)
      #expect(throws: TownFileError.self) { try shelf.read(CrashCapsule.id(time: Timestamp(seconds: 7), session: "x")) }
    }
  }

  @Test func `what others have put there is neither listed nor removed`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      let kept = capsule(1)
      try shelf.write(kept)
      let strange = ["notes.txt", "x.json", "\(kept.id)x", "\(kept.id).json.\(getpid()).abc.new"]
      let abandoned = "\(kept.id).json.1.abc.new"
      for name in strange + [abandoned] { TestFile.write("x", to: "\(town.crashes)/\(name)", mode: 0o600) }
      try shelf.prune()
      #expect(try shelf.ids() == [kept.id])
      #expect(try Set(Disk.names(in: town.crashes)) == Set(strange + ["\(kept.id).json"]))
    }
  }

  @Test func `the newest five hundred are kept`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      for second in 1...503 { try shelf.write(capsule(Int64(second))) }
      try shelf.prune()
      let ids = try shelf.ids()
      #expect(ids.count == 500 && ids.first == capsule(503).id && ids.last == capsule(4).id)
    }
  }

  @Test func `files of others, dated to come, push out no capsule, and are told of`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      let ours = (1...20).map { capsule(Int64($0)) }
      for capsule in ours { try shelf.write(capsule) }
      let future = (0..<500).map {
        CrashCapsule.id(time: Timestamp(seconds: 7_000_000_000 + Int64($0)), session: "gt-x")
      }
      for id in future { TestFile.write("{}", to: shelf.path(of: id), mode: 0o600) }
      let remarks = try shelf.prune()
      #expect(remarks.count == 1 && remarks[0].contains("the daemon has not written"))
      let ids = try shelf.ids()
      #expect(Array(ids.prefix(20)) == ours.reversed().map(\.id) && ids.count == 520)
    }
  }

  @Test func `one huge file in a capsule's place pushes out no other`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      for second in 1...5 { try shelf.write(capsule(Int64(second))) }
      truncate(shelf.path(of: capsule(3).id), off_t(CapsuleShelf.byteLimit) * 2)
      #expect(try shelf.prune() == [] && shelf.ids().count == 5)
    }
  }

  @Test func `capsules that a former daemon has written are taken over, without those dated to come`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      for second in 1...3 { try Disk.writeJSON(capsule(Int64(second)), to: shelf.path(of: capsule(Int64(second)).id)) }
      let future = CrashCapsule.id(time: Timestamp(seconds: 7_000_000_000), session: "gt-x")
      TestFile.write("{}", to: shelf.path(of: future), mode: 0o600)
      try shelf.write(capsule(4))
      #expect(try shelf.ids() == (1...4).reversed().map { capsule($0).id } + [future])
    }
  }

  @Test func `that a young capsule is given up is told`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      for second in 1...501 { try shelf.write(capsule(Int64(second))) }
      #expect(try shelf.prune(now: Timestamp(seconds: 3_600)).count == 1)
      try shelf.write(capsule(502))
      #expect(try shelf.prune(now: Timestamp(seconds: 30 * 86_400)) == [])
      #expect(try shelf.ids().count == 500)
    }
  }

  @Test func `an index that cannot be read costs no capsule`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      for second in 1...3 { try shelf.write(capsule(Int64(second))) }
      unlink("\(town.crashes).index")
      try Disk.makeDirectory("\(town.crashes).index")
      #expect(throws: TownFileError.self) { try shelf.prune() }
      #expect(try shelf.ids().count == 3)
    }
  }

  @Test func `a symbolic link leads nowhere`() async throws {
    try await with { town in
      let elsewhere = town.path("elsewhere")
      try Disk.makeDirectory(elsewhere)
      try Disk.makeDirectory(town.path("daemon"))
      symlink(elsewhere, town.crashes)
      let shelf = CrashCapsules(layout: town)
      #expect(throws: TownFileError.self) { try shelf.write(capsule(1)) }
      #expect(throws: TownFileError.self) { try shelf.ids() }
      #expect(try Disk.names(in: elsewhere) == [])
      unlink(town.crashes)
      // A link in a capsule's place is replaced, not written through, and not read.
      let target = "\(elsewhere)/target"
      TestFile.write("mine", to: target, mode: 0o600)
      try Disk.makeDirectory(town.crashes)
      symlink(target, shelf.path(of: capsule(1).id))
      #expect(throws: TownFileError.self) { try shelf.read(capsule(1).id) }
      try shelf.write(capsule(1))
      #expect(TestFile.text(target) == "mine")
      #expect(try shelf.read(capsule(1).id) == capsule(1))
    }
  }

  @Test func `what cannot be written is an error that names it, and leaves nothing half written`() async throws {
    try await with { town in
      let shelf = CrashCapsules(layout: town)
      try shelf.write(capsule(1))
      try Disk.makeDirectory("\(shelf.path(of: capsule(2).id))/in the way")
      let error = #expect(throws: TownFileError.self) { try shelf.write(capsule(2)) }
      #expect(error?.code == .unwritable && error?.path == shelf.path(of: capsule(2).id))
      #expect(try shelf.read(capsule(1).id) == capsule(1))
      #expect(try Disk.names(in: town.crashes).count == 2)
    }
  }

  // MARK: Histories

  private func entry(_ second: Int64, kind: HistoryEntry.Kind = .decision, reason: String = "so") -> HistoryEntry {
    HistoryEntry(time: Timestamp(seconds: second), kind: kind, what: "leave", reason: reason)
  }

  @Test func `a history grows at its end, and its last decision is found there`() async throws {
    try await with { town in
      let files = HistoryFiles(layout: town)
      #expect(try files.entries(of: "gt-a") == [] && files.lastDecision(of: "gt-a") == nil)
      try files.append([entry(1), entry(2)], to: "gt-a")
      try files.append([entry(3, kind: .event)], to: "gt-a")
      try files.append([entry(9)], to: "gt-a-b")
      #expect(try files.entries(of: "gt-a") == [entry(1), entry(2), entry(3, kind: .event)])
      #expect(files.lastDecision(of: "gt-a") == entry(2) && files.lastDecision(of: "gt-a-b") == entry(9))
      #expect(mode("\(town.history)/gt-a.jsonl") == 0o600 && mode(town.history) == 0o700)
    }
  }

  @Test func `a line that was cut off spoils no other`() async throws {
    try await with { town in
      let files = HistoryFiles(layout: town)
      try files.append([entry(1)], to: "gt-a")
      let path = "\(town.history)/gt-a.jsonl"
      TestFile.write((TestFile.text(path) ?? "") + "{\"time\":\n\u{0}\n", to: path, mode: 0o600)
      try files.append([entry(2)], to: "gt-a")
      #expect(try files.entries(of: "gt-a") == [entry(1), entry(2)])
    }
  }

  @Test func `a history that has grown too large keeps its newer half, in whole lines`() async throws {
    try await with { town in
      let files = HistoryFiles(layout: town, limit: 4_000)
      for second in 1...500 { try files.append([entry(Int64(second))], to: "gt-a") }
      let kept = try files.entries(of: "gt-a")
      #expect(kept.last == entry(500) && kept.count > 5 && kept.count < 40)
      #expect(kept.map(\.time) == kept.map(\.time).sorted())
      #expect(try Disk.read("\(town.history)/gt-a.jsonl").count <= 4_200)
      #expect(mode("\(town.history)/gt-a.jsonl") == 0o600)
    }
  }

  @Test func `of many histories those that were still for longest go`() async throws {
    try await with { town in
      let files = HistoryFiles(layout: town)
      for number in 1...6 {
        try files.append([entry(1)], to: "gt-\(number)")
        var times = [timespec(tv_sec: 1_000 * number, tv_nsec: 0), timespec(tv_sec: 1_000 * number, tv_nsec: 0)]
        utimensat(AT_FDCWD, "\(town.history)/gt-\(number).jsonl", &times, 0)
      }
      TestFile.write("x", to: "\(town.history)/gt-1.jsonl.1.abc.new", mode: 0o600)
      try files.prune(to: 4)
      #expect(try Disk.names(in: town.history) == (3...6).map { "gt-\($0).jsonl" })
    }
  }

  @Test func `histories of directories push out none of an agent to whom something has happened`() async throws {
    try await with { town in
      let files = HistoryFiles(layout: town)
      for number in 1...9 { try files.append([entry(1, kind: .event)], to: "gt-real-\(number)") }
      for number in 1...30 { try files.append([entry(2)], to: "gt-empty-\(number)") }
      // Forged, and newer than all.
      TestFile.write("{}", to: "\(town.history)/gt-forged.jsonl", mode: 0o600)
      #expect(try files.prune(to: 10) == [])
      let names = try Disk.names(in: town.history)
      #expect(names.count { $0.hasPrefix("gt-real-") } == 9 && names.count == 19)
      let remarks = try files.prune(to: 4)
      #expect(remarks.count == 1 && remarks[0].contains("more than 4"))
      #expect(try Disk.names(in: town.history).count { $0.hasPrefix("gt-real-") } == 4)
    }
  }

  @Test func `a hard link to a person's file is not written`() async throws {
    try await with { town in
      let target = town.path("target")
      TestFile.write("mine", to: target, mode: 0o600)
      try Disk.makeDirectory(town.history)
      link(target, "\(town.history)/gt-a.jsonl")
      let error = #expect(throws: TownFileError.self) { try HistoryFiles(layout: town).append([entry(1)], to: "gt-a") }
      #expect(error?.reason.contains("hard links") == true)
      link(target, "\(town.crashes).index")
      #expect(throws: TownFileError.self) { try CrashCapsules(layout: town).write(capsule(1)) }
      // What is replaced whole is another file by then.
      unlink("\(town.crashes).index")
      try Disk.makeDirectory(town.crashes)
      link(target, CrashCapsules(layout: town).path(of: capsule(1).id))
      try CrashCapsules(layout: town).write(capsule(1))
      #expect(TestFile.text(target) == "mine")
    }
  }

  @Test func `a history that is a symbolic link is not written through`() async throws {
    try await with { town in
      let target = town.path("target")
      TestFile.write("mine", to: target, mode: 0o600)
      try Disk.makeDirectory(town.history)
      symlink(target, "\(town.history)/gt-a.jsonl")
      #expect(throws: TownFileError.self) { try HistoryFiles(layout: town).append([entry(1)], to: "gt-a") }
      #expect(TestFile.text(target) == "mine" && HistoryFiles(layout: town).lastDecision(of: "gt-a") == nil)
    }
  }
}
