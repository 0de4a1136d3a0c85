// SPDX-License-Identifier: Apache-2.0

import Beads
import Control
import Glibc
@testable import GTCommands
import Processes
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// What `gt doctor` makes of what it reads: tables of cases.
@Suite(.timeLimit(.minutes(1))) struct DoctorJudgementTests {
  typealias CheckResult = GTCommands.CheckResult
  typealias Level = GTCommands.CheckResult.Level

  @Test(
    arguments: [
      ("systemd 252 (252.39-1~deb12u2)\n+PAM", Level.ok), ("systemd 253 (253)", .ok), ("systemd 254.1 (254)", .ok),
      ("systemd 257 (257.13)\n", .ok), ("systemd 249 (249)", .warning), ("upstart 1", .note), ("", .note),
    ] as [(String?, Level)] + [(nil, .note)])
  func `the version of systemd`(text: String?, level: Level) {
    #expect(ManagerCheck.version(text).level == level)
  }

  @Test func `lingering, and the command that only root may give`() {
    let judge = ManagerCheck.linger
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
    ) -> CheckResult {
      ManagerCheck.manager(
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
    let finding = ManagerCheck.bus(
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
    let finding = TmuxCheck.version(text, hasUtempter: hasUtempter)
    #expect(finding.level == level && finding.what.contains(said), "\(finding)")
    #expect((finding.why?.contains("SIGCHLD") == true) == (said.contains("utempter")))
  }

  @Test func `a server that is older than its command is told`() {
    #expect(TmuxCheck.server("3.3a", client: "tmux 3.3a\n") == nil)
    #expect(TmuxCheck.server("3.3a", client: "tmux 3.5a\n")?.what == "runs 3.3a, and the command is tmux 3.5a")
    #expect(TmuxCheck.server(nil, client: "tmux 3.5a\n")?.level == .note)
    #expect(TmuxCheck.links(Array("xxlilibutempter.so.0".utf8), to: "libutempter.so"))
    #expect(!TmuxCheck.links(Array("libutemper.so libutempter".utf8), to: "libutempter.so"))
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
    let warning = UnitCheck.judge([("gastown-daemon.service", .differs("Restart=no"))], isRuntime: true)
    #expect(warning.map(\.level) == [.warning] && warning[0].remedy == "gt daemon install --runtime")
    let other = UnitCheck.judge(
      [("gastown-tmux.service", .current), ("gastown-daemon.service", .otherTown("/srv/other"))], isRuntime: false)
    // Nothing that takes the units from the other town is offered.
    #expect(other.count == 1 && other[0].remedy == nil && other[0].what.contains("/srv/other"))
    #expect(UnitCheck.judge([("gastown-tmux.service", .missing)], isRuntime: false)[0].level == .broken)
    #expect(UnitCheck.judge([("gastown-tmux.service", .current)], isRuntime: false).map(\.level) == [.ok])
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
    #expect(UnitCheck.states(units, usesTmuxUnit: true, isRuntime: false).map(\.level) == [.ok])
    units[name]?.values.merge(change) { $1 }
    let findings = UnitCheck.states(units, usesTmuxUnit: true, isRuntime: false)
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
    #expect(CommandCheck.variable("PATH", in: text) == path)
  }

  @Test func `a program that the service does not find`() {
    func judge(_ need: CommandCheck.Need, isInstalled: Bool = true, isRunning: Bool = true) -> CheckResult {
      CommandCheck.judge(
        [need], path: .init(value: "/bin", source: "x", isInstalled: isInstalled, isRunning: isRunning))[0]
    }
    let found = CommandCheck.Need(program: "claude", found: "/bin/claude", foundByPerson: nil, purpose: "why")
    #expect(judge(found) == CheckResult(.ok, "claude", "/bin/claude"))
    let mine = CommandCheck.Need(program: "claude", found: nil, foundByPerson: "/opt/claude", purpose: "why")
    #expect(judge(mine).level == .broken && judge(mine).remedy == "gt daemon install && gt daemon restart")
    #expect(judge(mine, isRunning: false).remedy == "gt daemon install")
    // A file of the person's own overrides what is installed: another install would change nothing.
    #expect(judge(mine, isInstalled: false).remedy == nil)
    let nowhere = CommandCheck.Need(
      program: "git", found: nil, foundByPerson: nil, purpose: "why", isVital: false)
    #expect(judge(nowhere).level == .warning && judge(nowhere).remedy == nil)
    let path = CommandCheck.Need(program: "/opt/a", found: nil, foundByPerson: nil, purpose: "why")
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
    let findings = SocketCheck.judge("control socket", path: "/run/s", facts, userID: 7, mode: 0o600)
    #expect(findings.map(\.level) == [level] && findings.map(\.remedy) == [remedy], "\(findings)")
  }

  @Test func `a tmux socket may be attached to, and its directory is the user's alone`() {
    func judge(_ mode: UInt32) -> CheckResult {
      SocketCheck.judge(
        "tmux socket", path: "/run/it's", FileFacts(isSocket: true, mode: mode, owner: 7), userID: 7, mode: 0o770)[0]
    }
    #expect(judge(0o660).level == .ok && judge(0o770).level == .ok)
    #expect(judge(0o666).remedy == #"chmod 660 '/run/it'\''s'"#)
    func directory(_ mode: UInt32, owner: UInt32 = 7) -> [CheckResult] {
      SocketCheck.judgeDirectory("/run/d", FileFacts(isDirectory: true, mode: mode, owner: owner), userID: 7)
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
    #expect(LockCheck.holder(holder, unit: unit, path: "/t/daemon/lock").level == level)
  }

  @Test func `a lock of git's is stale when it is old`() {
    #expect(LockCheck.gitLock("/w/.git/index.lock", age: 600) == nil)
    #expect(LockCheck.gitLock("/w/.git/index.lock", age: -60) == nil)
    #expect(LockCheck.gitLock("/w/.git/index.lock", age: 601)?.remedy == "rm /w/.git/index.lock")
  }

  @Test(
    arguments: [
      (ServerCheck.Origin.daemon, false, Level.note, "gt session restart rig/polecats/toast"),
      (.town, false, .note, "gt session restart rig/polecats/toast"), (.otherTown("the town /x"), false, .warning, nil),
      (.stranger, false, .warning, "tmux -S /tmp/other kill-session -t '=gt-rig-toast'"),
      (.daemon, true, .warning, "tmux -S /tmp/other kill-session -t '=gt-rig-toast'"),
    ] as [(ServerCheck.Origin, Bool, Level, String?)])
  func `a session of our names elsewhere`(
    origin: ServerCheck.Origin, isDouble: Bool, level: Level, remedy: String?
  ) {
    let finding = ServerCheck.judge(
      .init(session: "gt-rig-toast", agent: "rig/polecats/toast", origin: origin, isDouble: isDouble),
      server: "/tmp/other")
    #expect(finding.level == level && finding.remedy == remedy, "\(finding)")
  }

  @Test func `no command ends the session in which the agent runs`() {
    let finding = ServerCheck.judge(
      .init(session: "gt-rig-toast", agent: "rig/polecats/toast", origin: .daemon, isDouble: true, life: 77),
      server: "/tmp/other")
    #expect(finding.level == .warning)
    #expect(finding.remedy == nil)
    #expect(finding.why?.contains("pid 77") == true)
  }

  @Test(arguments: [false, true])
  func `a corpse on another server is no double of the agent`(livesOnOwn: Bool) {
    let finding = ServerCheck.judge(
      .init(
        session: "gt-rig-toast", agent: "rig/polecats/toast", origin: .daemon, isDouble: livesOnOwn, isDead: true),
      server: "/tmp/other")
    #expect(finding.level == .note && finding.why != nil)
    #expect(finding.remedy == (livesOnOwn ? "tmux -S /tmp/other kill-session -t '=gt-rig-toast'" : nil))
  }

  @Test(
    arguments: [
      ("3.3a", true), ("3.4", true), ("3.5a", true), ("3.6", true), ("3.6a", true), ("next-3.6", true), ("3.2a", false),
      ("3.7", false), ("3.7c", false), ("3.10", false), ("4.0", false),
    ])
  func `a control-mode client of others, on a tmux that does not stand it`(version: String, isFaulty: Bool) {
    let client = TmuxAttachments.Client(name: "client-7", pid: 7, isControlMode: true, session: "work")
    let findings = TmuxCheck.judge(
      server: "/tmp/sock", attachments(version), controllers: [.init(client: client, owner: "agent-deck, pid 6")],
      agents: ["a", "b", "c"])
    #expect(findings.map(\.level) == [isFaulty ? .warning : .ok], "\(findings)")
    guard isFaulty else { return }
    for word in ["pid 7", "session work", "agent-deck, pid 6", "3 agents"] { #expect(findings[0].what.contains(word)) }
    #expect(findings[0].remedy == "tmux -S /tmp/sock detach-client -t client-7")
  }

  @Test func `a tmux server that ends with its last terminal`() {
    let findings = TmuxCheck.judge(
      server: "/tmp/sock", attachments(exitsUnattached: true), controllers: [], agents: ["a"])
    #expect(findings.map(\.level) == [.broken])
    #expect(findings[0].remedy == "tmux -S /tmp/sock set-option -s exit-unattached off")
  }

  @Test func `a session of an agent that ends with its last terminal`() {
    func judge(_ destroyed: [String]) -> [CheckResult] {
      TmuxCheck.judge(
        server: "/tmp/sock", attachments(destroyedUnattached: destroyed), controllers: [], agents: ["gt-a", "gt-b"])
    }
    let findings = judge(["gt-b", "mine"])
    #expect(findings.map(\.level) == [.broken])
    #expect(findings[0].remedy == "tmux -S /tmp/sock set-option -t '=gt-b:' destroy-unattached off")
    let others = judge(["mine"])
    #expect(others.map(\.level) == [.ok])
    #expect(others[0].what.contains("destroy-unattached is on there, and off for the agents' sessions"))
  }

  private func attachments(
    _ version: String = "3.3a", exitsUnattached: Bool = false, destroyedUnattached: [String] = []
  ) -> TmuxAttachments {
    TmuxAttachments(
      version: version, exitsUnattached: exitsUnattached, destroysUnattached: !destroyedUnattached.isEmpty,
      destroyedUnattached: destroyedUnattached, clients: [])
  }

  @Test func `agents outside their control groups`() {
    func judge(
      _ group: String?, isOnUnitServer: Bool = true, isAlone: Bool = false, isSupervised: Bool = true
    ) -> [Level] {
      ControlGroupCheck.judge(
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
    let shared = ControlGroupCheck.judge([
      .init(agent: "rig/polecats/toast", pid: 9, group: "\(apps)/x", isOnUnitServer: true, isAlone: false)
    ])
    #expect(shared.contains { $0.subject == "agents outside their cgroups" && $0.what == "1 of 1: rig/polecats/toast" })
    #expect(ControlGroupCheck.judge([]).map(\.level) == [.ok])
  }

  @Test func `room on the disk and in memory`() {
    func judge(_ free: Int64?, _ pressure: Double?) -> [Level] {
      DiskCheck.judge(
        HostReading(diskFree: free, memoryPressure: pressure), policy: Policy(), place: "/t"
      ).map(\.level)
    }
    #expect(judge(5 << 30, 1) == [.ok, .ok])
    #expect(judge(700 << 20, 60.5) == [.warning, .warning])
    #expect(judge(499 << 20, 60) == [.broken, .ok])
    #expect(judge(nil, nil) == [.note, .note])
  }

  @Test func `where the journal is kept`() {
    #expect(JournalCheck.storage("[Journal]\n#Storage=none\n") == "auto")
    #expect(JournalCheck.storage("Storage=volatile\n# b\nStorage=persistent\n") == "persistent")
    #expect(JournalCheck.judge(.init()).level == .ok)
    #expect(JournalCheck.judge(.init(storage: nil)).level == .ok)
    #expect(JournalCheck.judge(.init(isRunning: false)).level == .note)
    #expect(JournalCheck.judge(.init(hasDirectory: false)).remedy?.contains("/var/log/journal") == true)
    #expect(JournalCheck.judge(.init(storage: "persistent", hasDirectory: false)).level == .ok)
    #expect(JournalCheck.judge(.init(storage: "volatile")).remedy?.contains("Storage=persistent") == true)
    #expect(JournalCheck.judge(.init(userID: 0)).level == .note)
  }

  @Test func `what the daemon says of itself`() {
    #expect(TownStateCheck.judge(Health.Reply(healthy: true, turnAgeMilliseconds: 1)).level == .ok)
    let ill = TownStateCheck.judge(Health.Reply(healthy: false, turnAgeMilliseconds: 1, reason: "overdue"))
    #expect(ill.level == .broken && ill.remedy == "gt daemon restart" && ill.what.contains("overdue"))
  }

  @Test func `the worst finding is the exit status, and no text from a town moves the terminal`() {
    func diagnosis(_ levels: Level...) -> Diagnosis {
      Diagnosis(
        town: "/t", worst: levels.max() ?? .ok,
        examinations: [
          .init(
            examination: "x", findings: levels.map { CheckResult($0, "s\u{1B}[31m", "w", why: "y", remedy: "rm a\nb") })
        ])
    }
    #expect(diagnosis(.ok, .note).exitStatus == 0 && diagnosis(.ok, .warning, .note).exitStatus == 1)
    #expect(diagnosis(.broken, .warning).exitStatus == 2)
    let colour = Colour(isTerminal: false, environment: [:])
    #expect(diagnosis(.ok, .note).lines(colour).last == "No problem was found.")
    #expect(diagnosis(.broken, .warning).lines(colour).last == "1 broken, 1 warning.")
    let text = diagnosis(.broken).lines(colour).joined()
    // A command that could not be printed as it is would be another command.
    #expect(!text.contains("\u{1B}") && !text.contains("fix:"))
    #expect(diagnosis(.broken).lines(Colour(isTerminal: true, environment: [:])).joined().contains("\u{1B}[31mbroken"))
  }

  @Test(arguments: [("plain", "plain"), ("", "''"), ("=a", "'=a'"), ("it's", #"'it'\''s'"#), ("a;b $c", "'a;b $c'")])
  func `words are quoted for a shell`(word: String, quoted: String) { #expect(Remedy.quoted(word) == quoted) }

  @Test func `a lock that no daemon holds is broken, and its holder named`() {
    let stranger = TownLock.Holder(pid: 42, program: "python3", isOurs: false)
    let finding = LockCheck.holder(42, unit: 0, stranger: stranger, path: "/t/daemon/lock")
    #expect(finding.level == .broken && finding.what.contains("pid 42 (python3)") && finding.remedy == "kill 42")
    let host = TownLock.Holder(pid: 42, program: "tmux", isOurs: false, hostsAgents: true)
    let hosting = LockCheck.holder(42, unit: 0, stranger: host, path: "/t/daemon/lock")
    #expect(hosting.level == .broken && hosting.remedy == nil && !"\(hosting)\(host.refusal)".contains("kill"))
    #expect(LockCheck.holder(42, unit: 42, path: "/t/daemon/lock").level == .ok)
  }

  @Test func `a bd that contradicts itself is named with its version and what mends it`() async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory(".beads")
      let file = directory(".beads/stand-in-version")
      TestFile.write("1.0.5", to: file)
      let store = BdBeadStore(
        townRoot: directory.path, executable: builtExecutable("bd-stand-in"),
        environment: ["PATH": "/usr/bin:/bin", "HOME": directory.path],
        runner: SystemCommandRunner(environment: [:]))
      _ = try await store.createAgent(.deacon)
      let well = await BeadsCheck.judge(store)
      #expect(well.map(\.level) == [.ok] && well.first?.what.contains("bd version 1.0.5") == true)
      TestFile.write("1.0.5 hides", to: file)
      let findings = await BeadsCheck.judge(store.starting(nothingWithin: .seconds(60)))
      #expect(findings.map(\.level) == [.warning] && findings.first?.subject == "bd")
      let what = findings.first?.what ?? ""
      #expect(what.contains("gt-deacon") && what.contains("bd version 1.0.5") && what.contains("Run 'bd doctor'"))
      TestFile.write(
        #"{"exit":1,"stderr":"Error: database is locked\n"}"#, to: directory(".beads/stand-in-faults.json"))
      let broken = await BeadsCheck.judge(store)
      #expect(broken.map(\.level) == [.broken] && broken.first?.what.contains("database is locked") == true)
    }
  }

  @Test func `a bead store that cannot be read is broken, by the reason`() async throws {
    try await TemporaryDirectory.with { directory in
      let path = directory("beads.sqlite")
      let store = SQLiteBeadStore(path: path)
      #expect(await BeadsCheck.judge(store).level == .ok)
      #expect(mkfifo(path + "-journal", 0o600) == 0)
      let finding = await BeadsCheck.judge(store)
      #expect(finding.level == .broken && finding.what.contains("\(path)-journal is a named pipe"))
    }
  }

  @Test func `the journal is asked by what it knows itself, not by what entries claim`() {
    let all = DaemonLogsCommand.matches(of: "gastown-daemon.service", [], user: 1000)
    #expect(
      all == [
        "_UID=1000", "_SYSTEMD_USER_UNIT=gastown-daemon.service", "+", "_UID=1000", "_SYSTEMD_USER_UNIT=init.scope",
        "USER_UNIT=gastown-daemon.service",
      ])
    // An event is the daemon's alone.
    let crashes = DaemonLogsCommand.matches(of: "gastown-daemon@a.service", ["GT_EVENT=crash_detected"], user: 7)
    #expect(crashes == ["_UID=7", "_SYSTEMD_USER_UNIT=gastown-daemon@a.service", "GT_EVENT=crash_detected"])
  }

  @Test func `a history entry shows no forged line`() {
    let hostile = "start\n2026-01-01T00:00:00Z  restart  all is well\u{1B}[2K\u{202E}"
    let entry = HistoryEntry(time: Timestamp(seconds: 1), kind: .decision, what: hostile, reason: hostile)
    let answer = WhyCommand.Answer(
      agent: "r/toast", session: "gt-r-toast", daemonRunning: false, history: [entry], now: [])
    let lines = WhyCommand.text(answer)
    #expect(lines.count == 2 && lines.allSatisfy { !$0.contains("\n") && !$0.contains("\u{1B}") })
    #expect(lines.allSatisfy { !$0.contains("\u{202E}") })
  }
}
