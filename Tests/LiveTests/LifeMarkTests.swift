// SPDX-License-Identifier: Apache-2.0

import Glibc
import Logging
import Processes
import Supervision
import TestSupport
import Tmux
import Testing
import Town
import TownFiles

/// What an agent has started is found by the mark of its life, where there is no user manager.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct LifeMarkTests {
  private let toast = LiveTownFixture.toast

  /// Leaves a child in a session of its own in its first milliseconds, then behaves like the other agents.
  private static let wrapper = #"""
    #!/bin/bash
    setsid -f bash -c 'echo $$ >>$LIVE_TOWN/out/$GT_SESSION.children; exec sleep 1000' </dev/null >/dev/null 2>&1
    exec agent
    """#

  /// Marks that no other test has: what bears one is found wherever it runs.
  private let one = "one-\(UInt64.random(in: 0 ... .max))"
  private let two = "two-\(UInt64.random(in: 0 ... .max))"

  private func children(_ town: LiveTownFixture, count: Int) async throws -> [Int32] {
    try await eventually("\(count) children") {
      let pids = (TestFile.text(town.directory("out/\(toast.session).children")) ?? "").split(separator: "\n")
        .compactMap { Int32($0) }
      return pids.count >= count ? pids : nil
    }
  }

  private func isAlive(_ pid: Int32) -> Bool { ProcessTable().identity(of: pid) != nil }

  private func order(_ town: LiveTownFixture, mark: String, at place: LaunchOrder.Place = .newSession) -> LaunchOrder {
    var order = town.order(at: place)
    order.mark = mark
    return order
  }

  private func remains(_ marks: String...) throws -> AgentRemains {
    try #require(AgentRemains(scope: nil, marks: Set(marks)))
  }

  @Test func `each of three starts finds nothing of the one before at work, and a stop leaves nothing`() async throws {
    try await LiveTownFixture.with(command: ["wrapper"]) { town in
      town.script("wrapper", Self.wrapper)
      try await town.startServer()
      try await town.addPolecats("toast")
      let logger = Logger(label: "live") { _ in SwiftLogNoOpLogHandler() }
      let supervisor = Supervisor(
        world: town.world, policy: Policy(), journal: EventJournal(logger: logger, town: town.layout.root))
      let running = Task { await supervisor.run() }
      for start in 1...3 {
        let pids = try await children(town, count: start)
        for former in pids.dropLast() { #expect(!isAlive(former), "of start \(start - 1)") }
        #expect(isAlive(pids[start - 1]))
        guard start < 3 else { break }
        let life = try await eventually("the agent") { try await town.liveness().life }
        try await town.kill(life)
      }
      let stopped = try await supervisor.carryOut(PersonCommand(.stop, agent: toast, who: "a test"))
      #expect(stopped.text.contains("is stopped"))
      let left = try await children(town, count: 3).filter(isAlive)
      #expect(left.isEmpty, "when it is told to be stopped nothing is at work")
      await supervisor.stop()
      await running.value
    }
  }

  @Test func `what has shed the mark and works in the agent's directory is named by the stop, and lives on`()
    async throws
  {
    try await LiveTownFixture.with(command: ["shedder"]) { town in
      town.script(
        "shedder",
        #"""
        #!/bin/bash
        setsid -f env -i /bin/bash -c 'echo $$ >"$1.new"; mv "$1.new" "$1"; exec /bin/sleep 1000' _ \
          "$LIVE_TOWN/out/$GT_SESSION.stray" </dev/null >/dev/null 2>&1
        exec agent
        """#)
      try await town.startServer()
      try await town.addPolecats("toast")
      let logger = Logger(label: "live") { _ in SwiftLogNoOpLogHandler() }
      let supervisor = Supervisor(
        world: town.world, policy: Policy(), journal: EventJournal(logger: logger, town: town.layout.root))
      let running = Task { await supervisor.run() }
      let stray = try await eventually("what it starts") {
        Int32((TestFile.text(town.directory("out/\(toast.session).stray")) ?? "").filter(\.isNumber))
      }
      let process = try #require(ProcessTable().identity(of: stray))
      // Nothing in its environment leads back to the test.
      defer { try? Signals.send(SIGKILL, to: process) }
      _ = try await eventually("the agent") { try await town.liveness().life }
      let stopped = try await supervisor.carryOut(PersonCommand(.stop, agent: toast, who: "a test"))
      #expect(
        stopped.text.contains("at work in its directory, and left alone: pid \(stray) (/bin/sleep 1000)"),
        "\(stopped.text)")
      #expect(isAlive(stray))
      await supervisor.stop()
      await running.value
    }
  }

  @Test func `only what bears the mark of exactly the dead life is ended, and the rest is named`() async throws {
    try await LiveTownFixture.with { town in
      // Each in a session of its own, below nobody; a server of codex is known by its words.
      town.script("codex", "#!/bin/bash\nexec -a 'codex' sleep 1000 app-server 2>/dev/null || sleep 1000\n")
      town.script(
        "leave",
        #"""
        #!/bin/bash
        GT_LIFE=$2 setsid -f bash -c 'echo $$ >$LIVE_TOWN/out/$0; exec -a "$1" sleep infinity' "$1" "$3" \
          </dev/null >/dev/null 2>&1
        """#)
      func leave(_ name: String, mark: String, words: String = "sleep") async throws -> Int32 {
        try await town.run(["leave", name, mark, words])
        return try await eventually(name) {
          TestFile.text(town.directory("out/\(name)")).flatMap { Int32($0.filter(\.isNumber)) }
        }
      }
      let dead = try await leave("dead", mark: one)
      let other = try await leave("other", mark: two)
      let longer = try await leave("longer", mark: one + "-and-more")
      // A tmux server that the agent has started, with a pane in which a person may sit.
      try await town.run(
        ["tmux", "-f", "/dev/null", "-S", town.directory("nested"), "new-session", "-d", "sleep", "1000"],
        variables: ["GT_LIFE": one])
      let nested = try #require(town.tmuxServers.first).pid
      let pane = try #require(ProcessTable().children(of: nested).first).pid
      #expect(ProcessTable().environment(of: pane)?["GT_LIFE"] == one)

      let outcome = await town.world.sweep(try remains(one), protecting: [])
      guard case .swept(let ended, let left) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(ended == [.init(pid: dead, command: "sleep infinity")])
      #expect(!isAlive(dead))
      for pid in [other, longer, nested, pane] { #expect(isAlive(pid)) }
      #expect(Set(left.map(\.pid)) == [nested, pane] && left.allSatisfy { $0.reason == .terminal })
      #expect(await town.world.sweep(try remains(one + two), protecting: []) == .swept([]))
      // A mark that was planted in the environment of something else.
      var planted = try remains(two)
      planted.session = "gt-rig-toast"
      #expect(
        await town.world.sweep(planted, protecting: [])
          == .swept([], left: [.init(pid: other, command: "sleep infinity", reason: .planted)]))
      #expect(isAlive(other))
      // Who lives is protected, whatever it bears.
      #expect(
        await town.world.sweep(try remains(two), protecting: [other])
          == .swept([], left: [.init(pid: other, command: "sleep infinity", reason: .living)]))
      #expect(isAlive(other))
    }
  }

  @Test func `a server that others use outlives the agent that has started it`() async throws {
    try await LiveTownFixture.with { town in
      town.script("dolt", "#!/bin/bash\necho $$ >$LIVE_TOWN/out/server\nsleep 1000\n")
      try await town.run(["setsid", "-f", "dolt", "sql-server", "--port", "1"], variables: ["GT_LIFE": one])
      let server = try await eventually("a server") {
        TestFile.text(town.directory("out/server")).flatMap { Int32($0.filter(\.isNumber)) }
      }
      let worker = try await eventually("its worker") {
        // Before its exec it is another `dolt`.
        ProcessTable().children(of: server).first { $0.name == "sleep" }?.pid
      }
      let outcome = await town.world.sweep(try remains(one), protecting: [])
      guard case .swept([], let left) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(left.map(\.pid) == [server] && left.first?.reason == .shared && isAlive(worker))
      #expect(left.first?.description.contains("dolt sql-server") == true)
    }
  }

  @Test func `the mark is in the command's environment, and in no pane that a person splits off`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer(with: ["GT_LIFE": "of-another"])
      try await town.addPolecats("toast")
      let life = try #require(await town.world.launch(order(town, mark: one)).life)
      try await eventually("the command") { ProcessTable().environment(of: life.pid)?["GT_LIFE"] == one }
      try await town.tmux("split-window", "-t", life.pane, "sleep", "1000")
      try await town.tmux("new-window", "-t", "=\(toast.session):", "sleep", "1000")
      let panes = try await town.client.panes().panes.filter { $0.session == toast.session && $0.pid != life.pid }
      #expect(panes.count == 2)
      for pane in panes { #expect(ProcessTable().environment(of: pane.pid)?["GT_LIFE"] != one) }
      // The next life has a mark of its own, and the living one is not to be swept away by it.
      try await town.kill(life)
      let corpse = try await eventually("its corpse") { try await town.liveness().corpse }
      let next = await town.world.launch(
        order(town, mark: two, at: .deadPane(server: corpse.server, pane: corpse.pane)))
      let successor = try #require(next.life)
      try await eventually("the command") { ProcessTable().environment(of: successor.pid)?["GT_LIFE"] == two }
      let outcome = await town.world.sweep(try remains(two), protecting: [])
      guard case .swept([], let left) = outcome else {
        Issue.record("\(outcome)")
        return
      }
      #expect(left.map(\.pid) == [successor.pid])
      for pid in panes.map(\.pid) + [successor.pid] { #expect(isAlive(pid)) }
    }
  }

  @Test func `without a user manager nothing waits for a control group`() async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast")
      try await town.launch()
      let words = try await town.tmux("display-message", "-p", "-t", "=\(toast.session):", "#{pane_start_command}")
      #expect(words.contains("/usr/bin/env") && !words.contains("gastown-gate"), "\(words)")
    }
  }
}
