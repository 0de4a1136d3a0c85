// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Processes
import Supervision
import Synchronization
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// Capsules of real deaths in a real tmux, with git and the disk behind them.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct LiveEvidenceTests {
  private let toast = LiveTownFixture.toast

  /// An agent that says more than a screen holds, at its start and when it is told to end.
  private static let talker = #"""
    #!/bin/bash
    echo $$ >>"$LIVE_TOWN/out/$GT_SESSION.starts"
    seq -f 'step %g' 300
    while printf '> '; IFS= read -r line; do
      case $line in
        "exit "*) seq -f 'trace %g' 30; printf '\033[31mpanic:\033[0m %s ends\n' "$GT_SESSION"; exit "${line#exit }" ;;
      esac
    done
    """#

  /// Beside a supervisor of the town.
  private func supervise(
    _ town: LiveTownFixture, world: LiveTown? = nil, journal: RecordedJournal = RecordedJournal(),
    _ body: (Supervisor) async throws -> Void
  ) async throws {
    let supervisor = Supervisor(
      world: world ?? town.world, policy: Policy(), journal: journal.journal(town.layout.root))
    let running = Task { await supervisor.run() }
    let result: Result<Void, any Error>
    do { result = .success(try await body(supervisor)) } catch { result = .failure(error) }
    await supervisor.stop()
    await running.value
    try result.get()
  }

  private func capsules(_ town: LiveTownFixture) throws -> [CrashCapsule] {
    let shelf = CrashCapsules(layout: town.layout)
    return try shelf.ids().map { try shelf.read($0) }
  }

  private func tell(_ words: String, _ agent: AgentIdentity, _ town: LiveTownFixture) async throws {
    try await eventually("a prompt of \(agent.address)") {
      try await town.tmux("capture-pane", "-p", "-t", "=\(agent.session):").contains("\n>")
    }
    try await town.tmux("send-keys", "-t", "=\(agent.session):", words, "Enter")
  }

  @Test func `a crash is kept with its last words, its worktree, and the entry that leads there`() async throws {
    try await LiveTownFixture.with(command: ["talker"]) { town in
      town.script("talker", Self.talker)
      try await town.startServer()
      try await town.addPolecats("toast")
      let tree = town.layout.directory(of: toast)
      let git = ["git", "-c", "user.name=Ada", "-c", "user.email=ada@localhost"]
      try await town.run(git + ["init", "-q", "-b", "polecat/toast"], in: tree)
      try await town.run(git + ["commit", "-q", "--allow-empty", "-m", "one"], in: tree)
      let head = try await town.run(git + ["rev-parse", "HEAD"], in: tree).output
      TestFile.write("x", to: "\(tree)/half done", mode: 0o644)
      let journal = RecordedJournal()
      try await supervise(town, journal: journal) { supervisor in
        await supervisor.beat()
        let first = try #require(try await town.liveness().life)
        // What is typed must not meet what the daemon types.
        try await eventually("its beginning") {
          journal.entries.contains { $0["GT_EVENT"] == "agent_ready" && $0["GT_SESSION"] == toast.session }
        }
        try await tell("exit 3", toast, town)
        try await eventually("the next life") { try await town.liveness().life.map { $0 != first } ?? false }
        await supervisor.beat()
        let found = try capsules(town)
        let capsule = try #require(found.first)
        #expect(found.count == 1 && capsule.exitStatus == 3 && capsule.exitSignal == nil && capsule.killedBy == nil)
        #expect(capsule.kind == .crash)
        let words = try #require(capsule.lastWords.value)
        #expect(words.count == 200 && words.last == "panic: \(toast.session) ends")
        #expect(words.contains("trace 1") && words.contains("step 200"))
        #expect(capsule.pid == first.pid && capsule.hook == "gt-work-toast" && capsule.restarts == 0)
        #expect(capsule.tmuxVersion?.first?.isNumber == true && capsule.tmuxServer == town.directory("tmux"))
        let uptime = try #require(capsule.uptime)
        #expect(uptime > .zero && uptime < .seconds(120))
        let worktree = try #require(capsule.worktree.value)
        #expect(worktree.branch == "polecat/toast" && head == "\(worktree.head ?? "")\n")
        #expect(worktree.dirtyFiles == ["half done"])

        let entries = journal.entries.filter { $0["GT_CAPSULE"] == capsule.id }
        #expect(Set(entries.compactMap { $0["GT_EVENT"] }) == ["crash_detected", "last_words"] && entries.count == 2)
        let last = try #require(entries.first { $0["GT_EVENT"] == "last_words" })
        #expect(last["GT_LAST_WORDS"]?.hasSuffix("panic: \(toast.session) ends") == true)
        #expect(journal.errors.isEmpty, "\(journal.errors)")
      }
      let history = try HistoryFiles(layout: town.layout).entries(of: toast.session).map(\.what)
      #expect(history.contains("crash_detected") && history.contains("restart") && history.contains("agent_restarted"))
    }
  }

  @Test func `twenty deaths at once cost one process for their last words`() async throws {
    try await LiveTownFixture.with(command: ["talker"]) { town in
      town.script("talker", Self.talker)
      try await town.startServer()
      let agents = try await town.addPolecats((1...20).map { "p\($0)" })
      var ledger = Ledger()
      for agent in agents {
        let life = try await town.launch(agent)
        ledger[agent].life = life
        ledger[agent].since = LiveTown.wallClock()
      }
      for agent in agents { try await tell("exit 4", agent, town) }
      for agent in agents {
        try await eventually("the end of \(agent.address)") { try await town.liveness(of: agent).corpse?.cause != nil }
      }
      // Deaths of a time when no daemon ran.
      try TownRecords(layout: town.layout).write(ledger)
      town.runner.reset()
      try await supervise(town) { supervisor in await supervisor.beat() }
      let captures = town.runner.commands.filter { command in
        command.arguments.contains { $0.contains("capture-pane") && $0.contains("-S -\(CrashCapsule.lineLimit) ") }
      }
      #expect(captures.count == 1, "\(captures.count)")
      let found = try capsules(town)
      #expect(Set(found.map(\.session)) == Set(agents.map(\.session)) && found.count == 20)
      for capsule in found {
        #expect(capsule.exitStatus == 4)
        #expect(capsule.lastWords.value?.last == "panic: \(capsule.session) ends", "\(capsule.lastWords)")
        #expect(capsule.worktree.failure?.contains("not the top of a git worktree") == true)
      }
      for agent in agents { #expect(try await town.liveness(of: agent).life != nil) }
    }
  }

  @Test(arguments: [true, false])
  func `where the pane went too, the capsule says why it is silent`(withServer: Bool) async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await supervise(town) { supervisor in
        await supervisor.beat()
        let first = try #require(try await town.liveness().life)
        if withServer {
          try await town.tmux("kill-server")
        } else {
          try await town.tmux("kill-session", "-t", "=\(toast.session)")
        }
        try await ProcessExit.wait(for: first.process)
        await supervisor.beat()
        let capsule = try #require(try capsules(town).first { $0.session == toast.session })
        #expect(capsule.kind == (withServer ? .serverGone : .vanished) && capsule.pid == first.pid)
        let reason = try #require(capsule.lastWords.failure)
        #expect(reason.contains(withServer ? "server is gone" : "session was removed or renamed"), "\(reason)")
      }
    }
  }

  @Test func `a capture that hangs delays the start by its deadline, not more, and a full disk not at all`()
    async throws
  {
    let isHanging = Mutex(false)
    try await LiveTownFixture.with(
      interceptor: { command in
        if isHanging.withLock({ $0 }),
          command.arguments.contains(where: { $0.contains("-S -\(CrashCapsule.lineLimit) ") })
        {
          // A look that has them with it; one at everybody follows, and they are asked for alone.
          if command.arguments.contains("list-panes") {
            throw CommandError(.deadlineExceeded, command: command, reason: "no end after a while")
          }
          try await Task.sleep(for: command.deadline)
          throw CommandError(.deadlineExceeded, command: command, reason: "no end after \(command.deadline)")
        }
      }
    ) { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      // Nothing can be made where a file is in the way of the directory.
      TestFile.write("", to: town.layout.crashes, mode: 0o600)
      let journal = RecordedJournal()
      try await supervise(town, journal: journal) { supervisor in
        await supervisor.beat()
        let first = try #require(try await town.liveness().life)
        isHanging.withLock { $0 = true }
        let began = ContinuousClock.now
        try await town.kill(first)
        try await eventually("the next life") { try await town.liveness().life.map { $0 != first } ?? false }
        let took = ContinuousClock.now - began
        #expect(took >= .seconds(1) && took < .seconds(20), "\(took)")
        await supervisor.beat()
      }
      #expect(journal.errors.filter { $0.contains("capsule") }.count == 1)
      let last = journal.entries.first { $0["GT_EVENT"] == "last_words" }
      #expect(last?["MESSAGE"]?.contains("no end after") == true, "\(journal.entries)")
    }
  }

  @Test func `only what is still in the pane is taken for its words`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      let life = try await town.launch()
      _ = try await town.written("starts")
      func words(_ change: (inout DeathReport.Remains) -> Void) async -> Reading<CrashCapsule.Words>? {
        var remains = DeathReport.Remains(
          serverName: town.directory("tmux"), server: life.server, pane: life.pane, pid: life.pid)
        change(&remains)
        return await town.world.lastWords(of: [remains])[remains]
      }
      try await eventually("its words") { await words { _ in }?.value?.lines.first == "a stand-in agent" }
      #expect(await words { $0.pid += 1 }?.failure?.contains("used again") == true)
      #expect(await words { $0.server.pid += 1 }?.failure?.contains("used again") == true)
      #expect(await words { $0.pane = "%99" }?.failure != nil)
      #expect(await words { $0.serverName = "elsewhere" }?.failure?.contains("is gone") == true)
    }
  }
}
