// SPDX-License-Identifier: Apache-2.0

import Control
@testable import GTCommands
import TestSupport
import Testing
import Town

/// What `gt doctor` makes of what it reads: tables of cases.
@Suite(.timeLimit(.minutes(1))) struct DoctorJudgementTests {
  typealias Finding = GTCommands.Finding
  typealias Level = GTCommands.Finding.Level

  @Test(
    arguments: [
      ("systemd 252 (252.39-1~deb12u2)\n+PAM", Level.note), ("systemd 253 (253)", .note), ("systemd 254.1 (254)", .ok),
      ("systemd 257 (257.13)\n", .ok), ("systemd 249 (249)", .warning), ("upstart 1", .note), ("", .note),
    ] as [(String?, Level)] + [(nil, .note)])
  func `the version of systemd`(text: String?, level: Level) {
    #expect(ManagerExamination.version(text).level == level)
  }

  @Test func `lingering, and the command that only root may give`() {
    let judge = ManagerExamination.linger
    #expect(judge(true, true, 1000, "ada").level == .ok)
    #expect(judge(false, true, 1000, "ada").remedy == "sudo loginctl enable-linger ada")
    #expect(judge(false, true, 0, "root").remedy == "loginctl enable-linger root")
    let container = judge(false, false, 1000, "ada")
    #expect(container.level == .note && container.remedy == nil && container.what.hasPrefix("not examined"))
  }

  @Test func `the user manager`() {
    let silent = Result<[String: UnitProperties], Unreadable>.failure(Unreadable(description: "no bus"))
    func judge(
      _ answers: Result<[String: UnitProperties], Unreadable>, isVariableSet: Bool = true, hasManager: Bool = true,
      isBooted: Bool = true
    ) -> Finding {
      ManagerExamination.manager(
        answers: answers, isVariableSet: isVariableSet, hasManager: hasManager, isBooted: isBooted, userID: 1000,
        userName: "ada")
    }
    #expect(judge(.success([:])).level == .ok)
    #expect(judge(silent).level == .broken)
    #expect(judge(silent, isVariableSet: false).remedy == "export XDG_RUNTIME_DIR=/run/user/1000")
    #expect(judge(silent, hasManager: false).remedy == "sudo systemctl start user@1000.service")
    let container = judge(silent, hasManager: false, isBooted: false)
    #expect(container.level == .warning && container.remedy == nil)
  }

  @Test(arguments: [
    (true, false, true, Level.ok), (false, true, true, .note), (false, false, true, .warning),
    (false, false, false, .note),
  ])
  func `the user bus`(hasSocket: Bool, hasAddress: Bool, hasManager: Bool, level: Level) {
    let finding = ManagerExamination.bus(
      hasSocket: hasSocket, hasAddress: hasAddress, hasManager: hasManager, userID: 1000)
    #expect(finding.level == level)
    #expect((finding.remedy == "sudo apt-get install dbus-user-session") == (level == .warning))
  }

  @Test(
    arguments: [
      ("tmux 3.3a\n", true, Level.note, "built with utempter"), ("tmux 3.3a\n", false, .ok, "tmux 3.3a"),
      ("tmux 3.5a", nil, .note, "perhaps built with utempter"), ("tmux 3.6", true, .ok, "tmux 3.6"),
      ("tmux 3.10", true, .ok, "tmux 3.10"), ("tmux 3.1c", false, .broken, "tmux 3.1c"),
      ("tmux 2.9", false, .broken, "tmux 2.9"), ("tmux next-3.6", true, .note, "no release"),
      ("tmux master", true, .note, "no release"), ("tmux openbsd-7.5", true, .note, "no release"),
      (nil, nil, .broken, "no tmux"),
    ] as [(String?, Bool?, Level, String)])
  func `the version of tmux, and its fault`(text: String?, hasUtempter: Bool?, level: Level, said: String) {
    let finding = TmuxExamination.version(text, hasUtempter: hasUtempter)
    #expect(finding.level == level && finding.what.contains(said), "\(finding)")
    #expect((finding.why?.contains("SIGCHLD") == true) == (said.contains("utempter")))
  }

  @Test func `a server that is older than its command is told`() {
    #expect(TmuxExamination.server("3.3a", client: "tmux 3.3a\n") == nil)
    #expect(TmuxExamination.server("3.3a", client: "tmux 3.5a\n")?.what == "runs 3.3a, and the command is tmux 3.5a")
    #expect(TmuxExamination.server(nil, client: "tmux 3.5a\n")?.level == .note)
    #expect(TmuxExamination.links(Array("xxlilibutempter.so.0".utf8), to: "libutempter.so"))
    #expect(!TmuxExamination.links(Array("libutemper.so libutempter".utf8), to: "libutempter.so"))
  }

  @Test func `a unit's file against what would be written`() {
    let text =
      "# one\n[Service]\nExecStart=/opt/gastown-daemon --town /srv/town\nEnvironment=PATH=/a:/b\nRestart=always\n"
    func compare(_ old: String, _ new: String) -> UnitFileState {
      .compare(installed: text.replacing(old, with: new), expected: text)
    }
    #expect(compare("", "") == .current)
    #expect(compare("/a:/b", "/b") == .otherPath)
    #expect(compare("Environment=PATH=/a:/b", "Environment=\"PATH=/a b\"\nEnvironment=TMUX_TMPDIR=/x") == .otherPath)
    #expect(compare("always", "no") == .differs("Restart=no"))
    #expect(compare("Restart=always\n", "") == .differs(""))
    #expect(compare("/srv/town", "/srv/other") == .otherTown("/srv/other"))
    let warning = UnitExamination.judge([("gastown-daemon.service", .differs("Restart=no"))], isRuntime: true)
    #expect(warning.map(\.level) == [.warning] && warning[0].remedy == "gt daemon install --runtime")
    let other = UnitExamination.judge(
      [("gastown-tmux.service", .current), ("gastown-daemon.service", .otherTown("/srv/other"))], isRuntime: false)
    // Nothing that takes the units from the other town is offered.
    #expect(other.count == 1 && other[0].remedy == nil && other[0].what.contains("/srv/other"))
    #expect(UnitExamination.judge([("gastown-tmux.service", .missing)], isRuntime: false)[0].level == .broken)
    #expect(UnitExamination.judge([("gastown-tmux.service", .current)], isRuntime: false).map(\.level) == [.ok])
  }

  @Test(arguments: [
    ("gastown-daemon.service", ["NeedDaemonReload": "yes"], Level.warning, "systemctl --user daemon-reload"),
    ("gastown-tmux.service", ["LoadState": "masked"], .broken, "systemctl --user unmask gastown-tmux.service"),
    (
      "gastown-daemon.socket", ["ActiveState": "failed", "Result": "service-start-limit-hit"], .broken,
      "systemctl --user reset-failed gastown-daemon.socket && systemctl --user start gastown-daemon.socket"
    ),
    ("gastown-daemon.service", ["ActiveState": "failed", "ExecMainStatus": "78"], .broken, "gt daemon start"),
    ("gastown-daemon.socket", ["ActiveState": "inactive"], .broken, "gt daemon stop && gt daemon start"),
    ("gastown-check.timer", ["ActiveState": "inactive"], .warning, "systemctl --user start gastown-check.timer"),
    ("gastown-tmux.service", ["ActiveState": "inactive"], .warning, "systemctl --user start gastown-tmux.service"),
    ("gastown-daemon.service", ["UnitFileState": "disabled"], .warning, "systemctl --user enable gastown-daemon"),
  ])
  func `a unit's state`(name: String, change: [String: String], level: Level, remedy: String) {
    var units = Dictionary(
      uniqueKeysWithValues: UnitFiles.shipped.map {
        ($0.name, UnitProperties(values: ["LoadState": "loaded", "ActiveState": "active", "UnitFileState": "enabled"]))
      })
    #expect(UnitExamination.states(units, usesTmuxUnit: true, isRuntime: false).map(\.level) == [.ok])
    units[name]?.values.merge(change) { $1 }
    let findings = UnitExamination.states(units, usesTmuxUnit: true, isRuntime: false)
    #expect(findings.map(\.remedy) == [remedy] && findings.map(\.level) == [level], "\(findings)")
  }

  @Test func `what systemctl show prints`() {
    let units = UnitProperties.parse("Id=a.service\nEnvironment=PATH=/a X=1\n\nId=b.socket\nActiveState=active\n")
    #expect(units["a.service"]?["Environment"] == "PATH=/a X=1" && units["b.socket"]?["ActiveState"] == "active")
    #expect(units.count == 2 && units["a.service"]?["Result"] == "")
  }

  @Test(
    arguments: [
      ("PATH=/a:/b X=1", "/a:/b"), ("X=1 PATH=/c", "/c"), (#""PATH=/with blank:/b" Y=2"#, "/with blank:/b"),
      (#"PATH=/a\ b"#, "/a b"), ("PATH=/first PATH=/last", "/last"), ("XPATH=/a", nil), ("", nil),
    ] as [(String, String?)])
  func `the PATH of a unit's environment`(text: String, path: String?) {
    #expect(CommandExamination.variable("PATH", in: text) == path)
  }

  @Test func `a program that the service does not find`() {
    func judge(_ need: CommandExamination.Need, isInstalled: Bool = true, isRunning: Bool = true) -> Finding {
      CommandExamination.judge(
        [need], path: .init(value: "/bin", source: "x", isInstalled: isInstalled, isRunning: isRunning))[0]
    }
    let found = CommandExamination.Need(program: "claude", found: "/bin/claude", foundByPerson: nil, purpose: "why")
    #expect(judge(found) == Finding(.ok, "claude", "/bin/claude"))
    let mine = CommandExamination.Need(program: "claude", found: nil, foundByPerson: "/opt/claude", purpose: "why")
    #expect(judge(mine).level == .broken && judge(mine).remedy == "gt daemon install && gt daemon restart")
    #expect(judge(mine, isRunning: false).remedy == "gt daemon install")
    // A file of the person's own overrides what is installed: another install would change nothing.
    #expect(judge(mine, isInstalled: false).remedy == nil)
    let nowhere = CommandExamination.Need(
      program: "git", found: nil, foundByPerson: nil, purpose: "why", isVital: false)
    #expect(judge(nowhere).level == .warning && judge(nowhere).remedy == nil)
    let path = CommandExamination.Need(program: "/opt/a", found: nil, foundByPerson: nil, purpose: "why")
    #expect(judge(path).what == "is not an executable file")
  }

  @Test(
    arguments: [
      (FileFacts(isSocket: true, mode: 0o600, owner: 7), Level.ok, nil),
      (FileFacts(isSocket: true, mode: 0o666, owner: 7), .warning, "chmod 600 /run/s"),
      (FileFacts(isSocket: true, mode: 0o000, owner: 7), .warning, "chmod 600 /run/s"),
      (FileFacts(isSocket: true, mode: 0o600, owner: 8), .broken, nil),
      (FileFacts(mode: 0o600, owner: 7), .broken, "mv /run/s /run/s.away"),
    ] as [(FileFacts, Level, String?)])
  func `the control socket's mode and owner`(facts: FileFacts, level: Level, remedy: String?) {
    let findings = SocketExamination.judge("control socket", path: "/run/s", facts, userID: 7, mode: 0o600)
    #expect(findings.map(\.level) == [level] && findings.map(\.remedy) == [remedy], "\(findings)")
  }

  @Test func `a tmux socket may be attached to, and its directory is the user's alone`() {
    func judge(_ mode: UInt32) -> Finding {
      SocketExamination.judge(
        "tmux socket", path: "/run/it's", FileFacts(isSocket: true, mode: mode, owner: 7), userID: 7, mode: 0o770)[0]
    }
    #expect(judge(0o660).level == .ok && judge(0o770).level == .ok)
    #expect(judge(0o666).remedy == #"chmod 660 '/run/it'\''s'"#)
    func directory(_ mode: UInt32, owner: UInt32 = 7) -> [Finding] {
      SocketExamination.judgeDirectory("/run/d", FileFacts(isDirectory: true, mode: mode, owner: owner), userID: 7)
    }
    #expect(directory(0o700).isEmpty)
    #expect(directory(0o755)[0].remedy == "chmod 700 /run/d" && directory(0o770)[0].level == .warning)
    #expect(directory(0o700, owner: 8)[0].remedy == nil)
  }

  @Test(
    arguments: [
      (nil, 0, Level.ok), (12, 12, .ok), (0, 12, .note), (13, 12, .broken), (13, 0, .note),
    ] as [(Int32?, Int32, Level)])
  func `who holds the town`(holder: Int32?, unit: Int32, level: Level) {
    #expect(LockExamination.holder(holder, unit: unit, path: "/t/daemon/lock").level == level)
  }

  @Test func `a lock of git's is stale when it is old`() {
    #expect(LockExamination.gitLock("/w/.git/index.lock", age: 600) == nil)
    #expect(LockExamination.gitLock("/w/.git/index.lock", age: -60) == nil)
    #expect(LockExamination.gitLock("/w/.git/index.lock", age: 601)?.remedy == "rm /w/.git/index.lock")
  }

  @Test(
    arguments: [
      (ServerExamination.Origin.daemon, false, Level.note, "gt session restart rig/polecats/toast"),
      (.town, false, .note, "gt session restart rig/polecats/toast"), (.otherTown("the town /x"), false, .warning, nil),
      (.stranger, false, .warning, "tmux -S /tmp/other kill-session -t '=gt-rig-toast'"),
      (.daemon, true, .warning, "tmux -S /tmp/other kill-session -t '=gt-rig-toast'"),
    ] as [(ServerExamination.Origin, Bool, Level, String?)])
  func `a session of our names elsewhere`(
    origin: ServerExamination.Origin, isDouble: Bool, level: Level, remedy: String?
  ) {
    let finding = ServerExamination.judge(
      .init(session: "gt-rig-toast", agent: "rig/polecats/toast", origin: origin, isDouble: isDouble),
      server: "/tmp/other")
    #expect(finding.level == level && finding.remedy == remedy, "\(finding)")
  }

  @Test func `agents outside their control groups`() {
    func judge(
      _ group: String?, isOnUnitServer: Bool = true, isAlone: Bool = false, isSupervised: Bool = true
    ) -> [Level] {
      ControlGroupExamination.judge(
        [
          .init(
            agent: "rig/polecats/toast", pid: 9, group: group, isOnUnitServer: isOnUnitServer, isAlone: isAlone)
        ], isSupervised: isSupervised
      ).map(\.level)
    }
    let apps = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gastown.slice"
    #expect(judge("\(apps)/app-gastown-agents.slice/gastown-tmux.service") == [.ok, .warning])
    #expect(judge("\(apps)/app-gastown-agents.slice/gastown-tmux.service", isSupervised: false) == [.ok, .note])
    #expect(judge("\(apps)/app-gastown-agents.slice/tmux-spawn-1.scope", isAlone: true) == [.ok, .ok])
    #expect(judge("\(apps)/gastown-daemon.service") == [.broken, .warning])
    #expect(judge("/user.slice/user-1000.slice/session-3.scope") == [.warning, .warning])
    #expect(judge("/user.slice/user-1000.slice/session-3.scope", isOnUnitServer: false) == [.note, .warning])
    #expect(judge(nil) == [.note])
    let shared = ControlGroupExamination.judge([
      .init(agent: "rig/polecats/toast", pid: 9, group: "\(apps)/x", isOnUnitServer: true, isAlone: false)
    ])
    #expect(shared.contains { $0.subject == "agents outside their cgroups" && $0.what == "1 of 1: rig/polecats/toast" })
    #expect(ControlGroupExamination.judge([]).map(\.level) == [.ok])
  }

  @Test func `room on the disk and in memory`() {
    func judge(_ free: Int64?, _ pressure: Double?) -> [Level] {
      DiskExamination.judge(
        HostReading(diskFree: free, memoryPressure: pressure), policy: Policy(), place: "/t"
      ).map(\.level)
    }
    #expect(judge(5 << 30, 1) == [.ok, .ok])
    #expect(judge(700 << 20, 60.5) == [.warning, .warning])
    #expect(judge(499 << 20, 60) == [.broken, .ok])
    #expect(judge(nil, nil) == [.note, .note])
  }

  @Test func `where the journal is kept`() {
    #expect(JournalExamination.storage("[Journal]\n#Storage=none\n") == "auto")
    #expect(JournalExamination.storage("Storage=volatile\n# b\nStorage=persistent\n") == "persistent")
    #expect(JournalExamination.judge(.init()).level == .ok)
    #expect(JournalExamination.judge(.init(storage: nil)).level == .ok)
    #expect(JournalExamination.judge(.init(isRunning: false)).level == .note)
    #expect(JournalExamination.judge(.init(hasDirectory: false)).remedy?.contains("/var/log/journal") == true)
    #expect(JournalExamination.judge(.init(storage: "persistent", hasDirectory: false)).level == .ok)
    #expect(JournalExamination.judge(.init(storage: "volatile")).remedy?.contains("Storage=persistent") == true)
    #expect(JournalExamination.judge(.init(userID: 0)).level == .note)
  }

  @Test func `what the daemon says of itself`() {
    #expect(TownExamination.judge(Health.Reply(healthy: true, turnAgeMilliseconds: 1)).level == .ok)
    let ill = TownExamination.judge(Health.Reply(healthy: false, turnAgeMilliseconds: 1, reason: "overdue"))
    #expect(ill.level == .broken && ill.remedy == "gt daemon restart" && ill.what.contains("overdue"))
  }

  @Test func `the worst finding is the exit status, and no text from a town moves the terminal`() {
    func diagnosis(_ levels: Level...) -> Diagnosis {
      Diagnosis(
        town: "/t", worst: levels.max() ?? .ok,
        examinations: [
          .init(examination: "x", findings: levels.map { Finding($0, "s\u{1B}[31m", "w", why: "y", remedy: "rm a\nb") })
        ])
    }
    #expect(diagnosis(.ok, .note).exitStatus == 0 && diagnosis(.ok, .warning, .note).exitStatus == 1)
    #expect(diagnosis(.broken, .warning).exitStatus == 2)
    let colour = Colour(isTerminal: false, environment: [:])
    #expect(diagnosis(.ok, .note).lines(colour).last == "Nothing is wrong.")
    #expect(diagnosis(.broken, .warning).lines(colour).last == "1 broken, 1 warning.")
    let text = diagnosis(.broken).lines(colour).joined()
    // A command that could not be printed as it is would be another command.
    #expect(!text.contains("\u{1B}") && !text.contains("mend it"))
    #expect(diagnosis(.broken).lines(Colour(isTerminal: true, environment: [:])).joined().contains("\u{1B}[31mbroken"))
  }

  @Test(arguments: [("plain", "plain"), ("", "''"), ("=a", "'=a'"), ("it's", #"'it'\''s'"#), ("a;b $c", "'a;b $c'")])
  func `words are quoted for a shell`(word: String, quoted: String) { #expect(Remedy.quoted(word) == quoted) }
}
