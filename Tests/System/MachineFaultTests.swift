// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import Town

/// What happens to a whole town, with its daemon under systemd, while the machine is at fault: the disk, the journal,
/// the control socket, the files, `bd`. The watchdog has three seconds in each, and nobody is ever replaced.
@Suite("Faults of the machine", .requiresSystemd)
struct MachineFaultTests {
  private static let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast", "gt-rig1-nux"]
  private static let watchdog = "WatchdogSec=3\nTimeoutAbortSec=2"

  private static func plan(settings: String = "", dropIn: String = "", prepare: String = "") -> TownUser.Plan {
    TownUser.Plan(
      polecats: ["rig1/toast", "rig1/nux"], settings: settings, dropIn: "\(watchdog)\n\(dropIn)", prepare: prepare)
  }

  /// Sees that nobody but toast is another, that toast has died and was started again once, and that the daemon is the
  /// same.
  private func expectMended(_ town: TownUser, before: [String: Int32], main: Int32) async throws {
    try await eventually("its restart", within: .seconds(60), every: .milliseconds(200)) {
      try await town.beat()
      return try await town.agents()["gt-rig1-toast"].map { $0 != before["gt-rig1-toast"] } ?? false
    }
    let after = try await town.settle(Self.everybody)
    for session in Self.everybody where session != "gt-rig1-toast" { #expect(after[session] == before[session]) }
    for session in Self.everybody { #expect(try await town.roots(of: session).count == 1, "\(session)") }
    try await eventually("its start") { town.log("gt-rig1-toast").count { $0.hasPrefix("start ") } == 2 }
    #expect(try await town.mainPID() == main)
    #expect(try await town.property("NRestarts") == "0")
    #expect(try await !town.gt("daemon", "status").contains("trouble"))
  }

  private func expectToldOnce(_ town: TownUser) async throws {
    #expect(try await town.events("crash_detected").map { $0["GT_SESSION"] ?? "" } == ["gt-rig1-toast"])
    #expect(try await town.events("agent_restarted").map { $0["GT_SESSION"] ?? "" } == ["gt-rig1-toast"])
  }

  /// What `gt daemon status` says, which is soon.
  private func status(_ town: TownUser) async throws -> String {
    var text = ""
    let took = try await ContinuousClock().measure { text = try await town.gt("daemon", "status") }
    #expect(took < .seconds(8))
    return text
  }

  // MARK: the disk

  /// Without a byte, which `checks.disk_free` sees, and without room for one more file, which nothing sees beforehand.
  @Test(arguments: ["bytes", "files"])
  func `a full disk ends nobody and starts nobody, and all is made up for when there is room`(want: String) async throws
  {
    try await withTown(Self.plan(settings: #""checks": {"disk_free": "2M"}"#)) { town in
      try await town.systemctl("stop", "gastown-daemon.socket", "gastown-daemon", "gastown-tmux")
      try await town.systemd.root([
        "sh", "-euc",
        """
        mv $1/gt $1/aside; mkdir $1/gt
        mount -t tmpfs -o size=8m,nr_inodes=1000,mode=700,uid=$(id -u $2),gid=$(id -g $2) none $1/gt
        cp -a $1/aside/. $1/gt/; rm -f $1/agents/*
        """, "sh", town.home, town.name,
      ]).check()
      try await town.systemctl("start", "gastown-daemon.socket")
      try await town.start()
      let before = try await town.settle(Self.everybody)
      try await eventually("everybody at work") {
        Self.everybody.allSatisfy { town.log($0).contains("told Begin.") }
      }
      try await town.beat()
      let known = Set(try await town.events("crash_detected").compactMap { $0["__CURSOR"] })
      let main = try await town.mainPID()

      try await town.shell("mkdir gt/filler")
      let fill =
        want == "bytes"
        ? "cat /dev/zero >gt/filler/0" : "i=0; while { : >gt/filler/$i; } 2>/dev/null; do i=$((i+1)); done"
      _ = try await town.run("bash", "-c", fill)
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await eventually("its death") {
        try await town.events("crash_detected").contains { !known.contains($0["__CURSOR"] ?? "") }
      }
      for _ in 0..<2 { _ = try await town.tryGT("daemon", "beat") }
      #expect(town.log("gt-rig1-toast").count { $0.hasPrefix("start ") } == 1)
      let said = try await status(town)
      #expect(try await town.property("StatusText").contains("held back"))
      #expect(said.contains("No space left on device"), "\(said)")
      let isHeld = try await !town.events("restarts_held").isEmpty
      #expect(isHeld == (want == "bytes"))
      // A decision that cannot be kept is none.
      let stop = try await town.tryGT("session", "stop", "rig1/nux")
      #expect(stop.status == 1 && stop.errors.contains("No space left"), "\(stop.errors)")
      if want == "bytes" { #expect(try await town.tryGT("mail", "send", "deacon/", "-s", "x", "-m", "y").status != 0) }
      let agents = try await town.agents()
      for session in Self.everybody where session != "gt-rig1-toast" { #expect(agents[session] == before[session]) }

      try await town.shell("rm -r gt/filler")
      try await expectMended(town, before: before, main: main)
      let crashes = try await town.events("crash_detected").filter { !known.contains($0["__CURSOR"] ?? "") }
      #expect(crashes.map { $0["GT_SESSION"] ?? "" } == ["gt-rig1-toast"])
      #expect(try await town.shell("find gt -name '*.new'") == "")
      #expect(try await town.gt("session", "crashes", "--json").contains("gt-rig1-toast"))
      try await town.gt("mail", "send", "deacon/", "-s", "x", "-m", "y")
    }
  }

  @Test func `a town that can only be read is looked after, and what happened is made up for when it can be written`()
    async throws
  {
    try await withTown(Self.plan()) { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      // Over it and not instead of it: what is open there stays open for writing.
      try await town.systemd.root([
        "sh", "-euc", "mount --bind $1 $1; mount -o remount,bind,ro $1", "sh", town.town,
      ]).check()
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.event("crash_detected", session: "gt-rig1-toast")
      for _ in 0..<2 { try await town.beat() }
      #expect(town.log("gt-rig1-toast").count { $0.hasPrefix("start ") } == 1)
      #expect(try await status(town).contains("Read-only file system"))
      #expect(try await town.property("StatusText").contains("held back"))
      let doctor = try await town.tryGT("doctor")
      #expect(doctor.status == 2 && doctor.output.contains("nothing can be written into"), "\(doctor.output)")
      for verb in ["stop", "restart"] {
        let result = try await town.tryGT("session", verb, "rig1/nux")
        #expect(result.status == 1 && result.errors.contains("Read-only"), "\(verb): \(result.errors)")
      }
      #expect(try await town.tryGT("session", "start", "rig1/toast").status == 1)
      #expect(try await town.agents()["gt-rig1-nux"] == before["gt-rig1-nux"])
      try await town.systemd.root(["umount", "-l", town.town]).check()
      try await expectMended(town, before: before, main: main)
      try await expectToldOnce(town)
    }
  }

  // MARK: files

  @Test func `files that may not be read cost nobody anything, and keep the next daemon from forgetting`() async throws
  {
    try await withTown(Self.plan()) { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      try await town.gt("session", "hold", "rig1/nux", "--reason", "mine")
      for file in [
        "mayor/rigs.json", "mayor/daemon.json", "daemon/restarts.json", "daemon/state.json", "spawn/pending.json",
        "daemon/holds/gt-rig1-nux", "daemon/holds", "daemon/beads.sqlite", "rig1/polecats", "daemon/activity.json",
      ] {
        let mode = try await town.shell("stat -c %a gt/$1; chmod 0 gt/$1", file).trimmed
        if file == "mayor/daemon.json" {
          #expect(try await town.run("systemctl", "--user", "reload", "gastown-daemon").status != 0)
        } else {
          try await town.beat()
        }
        if file == "mayor/rigs.json" { #expect(try await status(town).contains("rigs.json: Permission denied")) }
        #expect(try await town.property("ActiveState") == "active", "\(file)")
        // What the daemon has written anew since then has its own mode.
        try await town.shell("[ $(stat -c %a gt/$1) != 0 ] || chmod $2 gt/$1", file, mode)
        try await town.beat()
        #expect(try await town.agents() == before, "\(file)")
      }
      // What is no file makes nobody wait who asks for the daemon.
      try await town.shell("mv gt/daemon/lock gt/daemon/lock.aside; mkfifo gt/daemon/lock")
      let asked = try await ContinuousClock().measure { _ = try await town.tryGT("daemon", "status") }
      #expect(asked < .seconds(8))
      try await town.shell("mv gt/daemon/lock.aside gt/daemon/lock")

      // A ledger that cannot be read is neither believed to be empty nor written over.
      try await town.systemctl("stop", "gastown-daemon.socket", "gastown-daemon")
      let ledger = try #require(town.text("gt/daemon/restarts.json"))
      try await town.shell("chmod 0 gt/daemon/restarts.json")
      try await town.kill(try #require(before["gt-rig1-toast"]))
      _ = try await town.run("timeout", "5", "systemctl", "--user", "start", "gastown-daemon")
      try await eventually("what is said") { try await town.property("StatusText").contains("restarts.json") }
      #expect(town.text("gt/daemon/restarts.json") == ledger)
      let doctor = try await town.tryGT("doctor")
      #expect(doctor.status == 2 && doctor.output.contains("restarts.json: Permission denied"), "\(doctor.output)")
      try await town.shell("chmod 600 gt/daemon/restarts.json")
      try await town.systemctl("restart", "gastown-daemon.socket", "gastown-daemon")
      try await town.gt("session", "release", "rig1/nux")
      let next = try await town.mainPID()
      #expect(next != main)
      try await expectMended(town, before: before, main: next)
      try await expectToldOnce(town)
    }
  }

  @Test func `named pipes in the place of SQLite's files hold up no command, no beat and no start`() async throws {
    try await withTown(.init(polecats: ["rig1/toast"])) { town in
      let agents = try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      for suffix in ["-wal", "-shm", "-journal"] {
        let pipe = "gt/daemon/beads.sqlite\(suffix)"
        for restarts in [false, true] {
          if restarts { try await town.systemctl("stop", "gastown-daemon.socket", "gastown-daemon") }
          // SQLite itself removes the first two when the last one closes the database.
          try await town.shell("rm -f $1; mkfifo $1", pipe)
          if restarts { try await town.systemctl("start", "gastown-daemon.socket", "gastown-daemon") }
          for words in [["daemon", "beat"], ["session", "check"], ["doctor"]] {
            let result = try await town.systemd.run(
              town.name, ["timeout", "20", "gt"] + words, environment: ["PATH": town.path])
            #expect(result.status != 124, "gt \(words) hangs at \(pipe)")
            let said = result.output + result.errors
            #expect(words == ["daemon", "beat"] || said.contains("\(suffix) is a named pipe"), "gt \(words): \(said)")
          }
          #expect(try await town.property("ActiveState") == "active")
          #expect(try await town.agents() == agents)
        }
        guard suffix == "-journal" else {
          try await town.shell("rm -f $1", pipe)
          continue
        }
        // Whether it has work is not known: nothing is done before that can be read.
        try await town.kill(try #require(agents["gt-rig1-toast"]))
        try await town.event("crash_detected", session: "gt-rig1-toast")
        try await town.beat()
        #expect(try await town.agents()["gt-rig1-toast"] == nil)
        try await town.shell("rm $1", pipe)
        try await town.beat()
        try await town.settle(["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"])
      }
      #expect(try await town.property("NRestarts") == "0")
      #expect(try await town.property("Result") == "success")
    }
  }

  // MARK: the journal

  @Test func `a journal that is gone, or that reads nothing, holds up nobody; what was lost is counted`() async throws {
    // The journal's place is the test's own for this daemon.
    let dropIn = "PrivateUsers=yes\nBindPaths=%h/journal:/run/systemd/journal"
    var plan = Self.plan(dropIn: dropIn, prepare: "mkdir journal")
    plan.isStarted = false
    try await withTown(plan) { town in
      let place = "\(town.systemd.root)\(town.home)/journal/socket"
      let journal = try JournalStandIn(at: place)
      try await town.start()
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      try await eventually("its first words") { journal.read().contains { $0.contains("GT_EVENT=daemon_ready") } }

      // Nobody reads: what fits into the socket is soon there.
      for round in 0..<12 { try await town.gt("session", "hold", "rig1/toast", "--reason", "\(round)") }
      try await town.gt("session", "release", "rig1/toast")
      try await town.kill(try #require(before["gt-rig1-nux"]))
      try await eventually("a restart") { town.log("gt-rig1-nux").count { $0.hasPrefix("start ") } == 2 }
      _ = try await status(town)
      var entries: [String] = []
      try await eventually("all that was kept back") {
        entries += journal.read()
        return entries.contains { $0.contains("GT_EVENT=agent_restarted") }
      }
      #expect(entries.contains { $0.contains("GT_EVENT=crash_detected") })
      #expect(!entries.contains { $0.contains("GT_DROPPED") })

      journal.remove()
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await eventually("a restart") { town.log("gt-rig1-toast").count { $0.hasPrefix("start ") } == 2 }
      try await town.beat()
      let again = try JournalStandIn(at: place)
      let pid = try #require(try await town.agents()["gt-rig1-nux"])
      try await town.kill(pid)
      try await eventually("the journal's return") {
        entries += again.read()
        return entries.contains { $0.contains("GT_DROPPED=") }
      }
      #expect(try await town.mainPID() == main)
      #expect(try await town.property("NRestarts") == "0")
      #expect(try await town.settle(Self.everybody)["gt-deacon"] == before["gt-deacon"])
    }
  }

  // MARK: the control socket

  @Test func `clients without manners cost the others nothing, and the daemon no memory`() async throws {
    try await withTown(Self.plan()) { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      let socket = try await town.controlSocket()
      func resident() async throws -> Int {
        let text = try await town.shell("grep ^VmRSS /proc/$1/status", "\(main)")
        return (Int(text.filter(\.isNumber)) ?? 0) >> 10
      }
      let least = try await resident()
      let crowd = Crowd()
      let watch = Array(
        #"{"method":"org.gastown.Daemon.Watch","parameters":{"town":"\#(town.town)"},"more":true}"#.utf8)
      let explain = Array(#"{"method":"org.gastown.Daemon.Explain","parameters":{"town":"\#(town.town)"}}"#.utf8) + [0]
      let megabyte = [UInt8](repeating: UInt8(ascii: " "), count: 1 << 20)
      // Hundreds of each: silent, half a request, too much, rubbish, nothing more to come, and those who never read.
      for _ in 0..<60 {
        try crowd.send([], to: socket)
        try crowd.send(Array(#"{"method":"org"#.utf8), to: socket)
        try crowd.send(megabyte, to: socket)
        try crowd.send(Array("rubbish".utf8) + [0], to: socket)
        try crowd.send(Array(#"{"me"#.utf8), to: socket, endsOutput: true)
        try crowd.send(watch + [0], to: socket)
        try crowd.send(Array(repeatElement(explain, count: 50).joined()), to: socket)
      }
      crowd.sendMore(megabyte)
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      crowd.sendMore([UInt8(ascii: " ")])
      try await eventually("an answer", within: .seconds(60)) {
        try await town.tryGT("daemon", "status").status == 0
      }
      let most = try await resident()
      #expect(most < least + 150, "\(least) MB, and then \(most)")
      #expect(try await town.run("systemctl", "--user", "start", "gastown-check.service").status == 0)
      crowd.close()
      try await expectMended(town, before: before, main: main)
      try await expectToldOnce(town)
    }
  }

  // MARK: bd

  @Test func `a bd that prints megabytes does not cost the daemon as much, and is not believed`() async throws {
    var plan = Self.plan(settings: #""deadlines": {"bd": "4s"}"#)
    plan.usesBd = true
    try await withTown(plan) { town in
      let before = try await town.settle(Self.everybody)
      let main = try await town.mainPID()
      let faults = [
        #"{"flood": 40}"#, #"{"flood": 40, "exit": 1}"#, #"{"hang": true, "stubborn": true}"#, #"{"exit": 2}"#,
        #"{"stdout": "[{\"id\": \"gt-rig1-pol"}"#,
      ]
      for fault in faults {
        try await town.write(fault, to: "gt/.beads/stand-in-faults.json")
        try await town.beat()
        #expect(try await status(town).contains("trouble"), "\(fault)")
      }
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.event("crash_detected", session: "gt-rig1-toast")
      try await town.beat()
      #expect(town.log("gt-rig1-toast").count { $0.hasPrefix("start ") } == 1)
      try await town.shell("rm gt/.beads/stand-in-faults.json")
      try await expectMended(town, before: before, main: main)
      try await expectToldOnce(town)
      let peak = try await town.shell("grep ^VmHWM /proc/$1/status", "\(main)")
      #expect((Int(peak.filter(\.isNumber)) ?? 0) >> 10 < 250, "\(peak)")
    }
  }

  // MARK: privacy

  @Test func `everything that the daemon writes is its owner's alone`() async throws {
    try await withTown(Self.plan()) { town in
      let before = try await town.settle(Self.everybody)
      try await town.gt("session", "hold", "rig1/nux", "--reason", "mine")
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      try await eventually("its capsule") { try await !town.shell("ls gt/daemon/crashes").isEmpty }
      try await town.beat()
      let open = try await town.shell(
        "find gt/daemon gt/spawn $XDG_RUNTIME_DIR/gastown -not -type l -perm /077 -printf '%m %p\\n'")
      #expect(open == "")
      for place in ["restarts.json", "state.json", "holds/gt-rig1-nux", "history/gt-rig1-toast.jsonl", "beads.sqlite"] {
        #expect(town.exists("gt/daemon/\(place)"), "\(place)")
      }
      #expect(try await town.shell("find gt/daemon gt/spawn -type f -perm /111") == "")
    }
  }
}
