// SPDX-License-Identifier: Apache-2.0

import Commands
import Faults
import TestSupport
import Testing

private let toast = "gt-rig1-toast"
private let everybody = ["gt-deacon", "gt-rig1-witness", toast]

private let plan = TownUser.Plan(settings: CutTown.restarts, dropIn: CutTown.dropIn, isStarted: false)

/// Starts a town, has it cut, and sees whether every promise is kept.
private func withCutTown(
  _ plan: TownUser.Plan = plan, sessions: [String] = everybody, _ body: (CutTown) async throws -> Void
) async throws {
  try await withTown(plan) { town in
    try await town.write(SoakAgents.program, to: "bin/agent", isExecutable: true)
    try await town.start()
    let cut = CutTown(town, sessions: sessions)
    let begun = Set(try await town.agents().keys)
    try await cut.agents.calm(but: Set(sessions).subtracting(begun))
    try await eventually("nobody waits") { cut.nobodyWaits }
    try await body(cut)
    if cut.daemon == nil { try await town.start() }
    try await cut.checkPromises()
    print("killed at \(cut.cuts.count) points: \(cut.cuts.joined(separator: ", "))")
  }
}

/// Each act, with the daemon or `gt` killed at each of its steps. Which those are `FaultPoint` and `FaultEffect` say; which
/// of them each test passes, `CutPoints`.
@Suite("Killed at every step", .requiresSystemd)
struct KilledAtEveryStepTests {
  @Test func `no step is left out`() {
    let points = FaultPoint.allCases.map(\.rawValue) + FaultEffect.allCases.flatMap { [$0.before, $0.after] }
    let cut = Set(CutPoints.all.compactMap { $0.split(separator: " ").first.map(String.init) })
    #expect(Set(points).subtracting(cut).sorted() == [], "these are never cut")
    #expect(cut.subtracting(points).sorted() == [], "there are no such points")
    print("fault points: \(points.count); places in acts where something is killed: \(CutPoints.all.count)")
  }

  @Test func `no effect of the supervisor is without its points`() throws {
    let readings: Set = [
      "now", "sleep", "uptime", "readBeads", "look", "waitForEnd", "waitForClockStep", "readAfresh", "screens",
      "lastWords", "worktree", "memoryEvents", "memoryEventsNow", "reportedOutOfMemory", "isShuttingDown",
    ]
    var effects: Set<String> = []
    for name in ["TownWorld", "TownEvidence", "TownConfinement"] {
      let text = try #require(PrivateSystemd.source("Sources/Supervision/World/\(name).swift"))
      let start = try #require(text.firstRange(of: "protocol \(name)"))
      let body = text[start.upperBound...]
      for line in body[..<(body.firstRange(of: "\n}")?.lowerBound ?? body.endIndex)].split(separator: "\n") {
        guard let word = line.firstRange(of: "func ") else { continue }
        effects.insert(String(line[word.upperBound...].prefix { $0.isLetter }))
      }
    }
    let door = try #require(PrivateSystemd.source("Sources/Supervision/World/FaultingTown.swift"))
    for effect in effects.subtracting(readings) {
      #expect(door.contains("package func \(effect)("), "\(effect) passes no point")
    }
    #expect(effects.isSuperset(of: readings), "\(readings.subtracting(effects))")
  }

  @Test(arguments: CutPoints.death.indices) func `an agent dies`(part: Int) async throws {
    try await withCutTown { cut in
      for line in CutPoints.death[part] {
        let former = cut.agents.atWork(toast)
        if CutPoints.repeatsOrder(line) { cut.repeatedOrders += 1 }
        if line.hasPrefix("sweep") { _ = try await cut.town.child(of: toast, "setsid sleep 1000") }
        try await cut.cut(line, concerned: [toast]) { try await cut.kill(toast) }
        try await cut.back(toast, after: former, at: line)
      }
      try await cut.checkRestarts()
    }
  }

  @Test func `an agent asks for its own restart`() async throws {
    try await withCutTown { cut in
      for line in CutPoints.requestDetails {
        let former = try #require(cut.agents.atWork(toast))
        cut.dismissed.insert(former)
        cut.requests[toast, default: 0] += 1
        if line == "end.killed" { try await cut.town.tell(toast, "run trap '' TERM HUP") }
        try await cut.cut(line, concerned: [toast]) { try await cut.town.ask("cycle", of: "rig1/toast") }
        try await cut.back(toast, after: former, at: line)
        #expect(cut.town.stateKeys(of: "rig1/toast") == ["kept"], "\(line)")
      }
    }
  }

  @Test func `a person stops and starts an agent by the daemon`() async throws {
    try await withCutTown { cut in
      for line in CutPoints.stop {
        let former = try #require(cut.agents.atWork(toast))
        cut.dismissed.insert(former)
        try await cut.cut(line, concerned: [toast]) { _ = try await cut.town.tryGT("session", "stop", "rig1/toast") }
        // Whoever was not answered says it again.
        try await cut.town.gt("session", "stop", "rig1/toast")
        #expect(!cut.agents.isRunning(former.pid), "\(line)")
        try await cut.town.gt("session", "start", "rig1/toast")
        try await cut.back(toast, after: former, at: line)
      }
      for line in CutPoints.start {
        let former = try #require(cut.agents.atWork(toast))
        cut.dismissed.insert(former)
        try await cut.town.gt("session", "stop", "rig1/toast")
        try await cut.cut(line, concerned: [toast]) { _ = try await cut.town.tryGT("session", "start", "rig1/toast") }
        try await cut.town.gt("session", "start", "rig1/toast")
        try await cut.back(toast, after: former, at: line)
      }
    }
  }

  @Test func `a person restarts an agent by the daemon, and the next one finishes it`() async throws {
    try await withCutTown { cut in
      for line in CutPoints.restart {
        let former = try #require(cut.agents.atWork(toast))
        cut.dismissed.insert(former)
        try await cut.cut(line, concerned: [toast]) { _ = try await cut.town.tryGT("session", "restart", "rig1/toast") }
        try await cut.back(toast, after: former, at: line)
      }
    }
  }

  @Test func `a person's command without a daemon is cut off, and repeated`() async throws {
    try await withCutTown { cut in
      try await cut.town.gt("daemon", "stop")
      for line in CutPoints.stop {
        let former = try #require(cut.agents.atWork(toast))
        cut.dismissed.insert(former)
        try await cut.cutCommand(line, "session", "stop", "rig1/toast")
        try await cut.town.gt("session", "stop", "rig1/toast")
        #expect(!cut.agents.isRunning(former.pid), "\(line)")
        try await start(cut, after: former, at: line)
      }
      for line in CutPoints.start {
        let former = try #require(cut.agents.atWork(toast))
        cut.dismissed.insert(former)
        try await cut.town.gt("session", "stop", "rig1/toast")
        try await cut.cutCommand(line, "session", "start", "rig1/toast")
        try await start(cut, after: former, at: line)
      }
    }
  }

  /// Starts the agent once more by `gt` alone, and has it told to begin by a daemon.
  private func start(_ cut: CutTown, after former: SoakAgents.Run, at line: String) async throws {
    try await cut.town.gt("session", "start", "rig1/toast")
    // Its program may be starting processes of its own just now.
    let roots = try await cut.town.roots(of: toast)
    #expect(roots.count == 1, "\(line): \(roots)")
    try await cut.town.systemctl("start", "gastown-daemon")
    try await cut.back(toast, after: former, at: line)
    try await cut.town.gt("daemon", "stop")
  }

  @Test(arguments: [true, false])
  func `a person's command without a daemon is cut off, and the next daemon knows of it`(
    isRestart: Bool
  ) async throws {
    try await withCutTown { cut in
      try await cut.town.gt("daemon", "stop")
      for line in isRestart ? CutPoints.restart : CutPoints.stop {
        let former = try #require(cut.agents.atWork(toast))
        try await cut.cutCommand(line, "session", isRestart ? "restart" : "stop", "rig1/toast")
        try await cut.town.systemctl("start", "gastown-daemon")
        if isRestart {
          cut.dismissed.insert(former)
          try await cut.back(toast, after: former, at: line)
        } else {
          try await cut.town.beat()
          // Either it was ended, and stays so, or nothing has happened to it.
          if !cut.agents.isRunning(former.pid) {
            cut.dismissed.insert(former)
            #expect(try await cut.town.processes(of: toast) == [], "\(line)")
            try await cut.town.gt("session", "start", "rig1/toast")
            try await cut.back(toast, after: former, at: line)
          } else {
            #expect(cut.agents.atWork(toast) == former, "\(line)")
            try await cut.town.gt("session", "start", "rig1/toast")
            #expect(cut.agents.atWork(toast) == former, "\(line)")
          }
        }
        try await cut.town.gt("daemon", "stop")
      }
    }
  }

  @Test func `a text and a freeze that gt was ended in the middle of`() async throws {
    try await withCutTown { cut in
      #expect(CutPoints.other == ["freeze.asked", "inject.typed"])
      try await cut.cutCommand("freeze.asked", "session", "freeze", "rig1/toast")
      try await cut.town.gt("session", "thaw", "rig1/toast")
      try await cut.cutCommand("inject.typed", "session", "inject", "rig1/toast", "-m", "hello")
      try await cut.town.gt("session", "inject", "rig1/toast", "-m", "hello")
      try await eventually("it hears it") { cut.town.log(toast).contains { $0.hasPrefix("told hello") } }
    }
  }

  @Test func `an agent is announced that another tool has started`() async throws {
    let names = CutPoints.announced.indices.map { "n\($0)" }
    var plan = plan
    plan.polecats += names.map { "rig1/\($0)" }
    plan.working = ["rig1/toast"]
    try await withCutTown(plan, sessions: everybody + names.map { "gt-rig1-\($0)" }) { cut in
      for (name, line) in zip(names, CutPoints.announced) {
        let session = "gt-rig1-\(name)"
        if line == "begin.after" { cut.repeatedOrders += 1 }
        try await cut.cut(line, concerned: [session]) {
          try await cut.town.shell(
            """
            tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock new-session -d -s "$1" -c "$PWD/gt/rig1/polecats/$2" \
              -e GT_SESSION="$1" -e GT_TOWN_ROOT="$PWD/gt" "$HOME/bin/agent"
            """, session, name)
          try await cut.town.send(
            as: "rig1/\(name)", subject: "POLECAT_STARTED rig1/\(name)", body: "Session: \(session)\nIssue: gt-new")
        }
        try await cut.back(session, after: nil, at: line)
      }
      let triggered = try await cut.town.events("spawn_triggered").compactMap { $0["GT_SESSION"] }
      #expect(Set(triggered).count == names.count && triggered.count <= names.count + 1, "\(triggered)")
    }
  }

  @Test func `a heartbeat tells and marks`() async throws {
    let names = CutPoints.orphan.indices.map { "g\($0)" }
    var plan = plan
    plan.polecats += names.map { "rig1/\($0)" }
    plan.working = ["rig1/toast"]
    plan.settings += #", "checks": {"stale": "1s"}"#
    try await withCutTown(plan) { cut in
      for (name, line) in zip(names, CutPoints.orphan) {
        try await cut.cut(line, concerned: []) {
          try await cut.town.gt("agent", "set", "rig1/\(name)", "--state", "dead", "--hook", "gt-lost-\(name)")
          try await cut.poke()
        }
        try await cut.town.beat()
        try await cut.town.event("orphaned_work", session: "gt-rig1-\(name)")
      }
      for (round, line) in CutPoints.stale.enumerated() {
        try await cut.town.gt("agent", "set", "rig1/refinery", "--state", "running")
        try await cut.cut(line, concerned: []) {
          try await eventually("\(line) comes", every: .milliseconds(300)) {
            try await cut.poke()
            return !cut.town.exists("fault")
          }
        }
        try await cut.town.beat()
        try await cut.town.event("stale_agent", session: "gt-rig1-refinery", count: round + 1)
        #expect(try await cut.town.gt("agent", "show", "rig1/refinery").contains("dead"), "\(line)")
      }
      for line in CutPoints.heartbeat { try await cut.cut(line, concerned: []) { try await cut.poke() } }
      // Each was told of, and once; a message that went out just before goes out twice.
      try await cut.town.beat()
      let told = try await cut.town.subjects(for: "rig1/witness").filter { $0.hasPrefix("ORPHANED_WORK") }
      #expect(Set(told).count == names.count, "\(told)")
      #expect(told.count <= names.count + 2, "\(told)")
      #expect(try await cut.town.events("stale_agent").count == CutPoints.stale.count)
      let orphaned = try await cut.town.events("orphaned_work").compactMap { $0["GT_SESSION"] }
      #expect(orphaned.sorted() == names.map { "gt-rig1-\($0)" }.sorted())
    }
  }

  @Test(arguments: CutPoints.server.indices) func `the tmux server is gone with everybody`(part: Int) async throws {
    var plan = plan
    plan.settings += #", "notify": ["/bin/sh", "-c", "cat >>$HOME/notified"]"#
    try await withCutTown(plan) { cut in
      cut.expected = ["mass_death"]
      for line in CutPoints.server[part] {
        let former = Dictionary(uniqueKeysWithValues: everybody.map { ($0, cut.agents.atWork($0)) })
        cut.killed.formUnion(former.values.compactMap { $0 })
        cut.repeatedOrders += 1
        try await cut.cut(line, concerned: Set(everybody)) { try await cut.town.systemctl("stop", "gastown-tmux") }
        for session in everybody { try await cut.back(session, after: former[session] ?? nil, at: line) }
      }
      try await eventually("the person is told") {
        (cut.town.text("notified") ?? "").split(separator: "\n").count { $0.contains("mass_death") } > 0
      }
    }
  }

  @Test func `the daemon begins with a death behind it, and is stopped`() async throws {
    try await withCutTown { cut in
      for line in CutPoints.beginning {
        let former = cut.agents.atWork(toast)
        try await cut.cut(line, concerned: [toast]) {
          let daemon = try #require(cut.daemon)
          try await cut.kill(toast)
          try await cut.strike(daemon)
        }
        try await cut.back(toast, after: former, at: line)
      }
      for line in CutPoints.end {
        try await cut.cut(line, concerned: []) { try await cut.town.systemctl("restart", "gastown-daemon") }
      }
    }
  }

  @Test func `a worktree is refreshed, and git is ended with the daemon`() async throws {
    var plan = plan
    plan.prepare = """
      mkdir origin; git -C origin init -q -b main
      git config --global user.name a; git config --global user.email a@b
      git -C origin commit -q --allow-empty -m one
      gt rig add rig2 --git $HOME/origin
      gt polecat add rig2/ace --hook gt-work-ace
      echo mine >gt/rig2/polecats/ace/mine
      git -C gt/rig2/polecats/ace add mine
      git -C gt/rig2/polecats/ace commit -q -m mine
      """
    let ace = "gt-rig2-ace"
    try await withCutTown(plan, sessions: everybody + ["gt-rig2-witness", ace]) { cut in
      // The hook of a rebase that is under way.
      try await cut.town.shell(
        """
        cd gt/rig2/polecats/ace
        hook=$(git rev-parse --path-format=absolute --git-path hooks)/post-checkout
        printf '%s\\n' '#!/bin/sh' '[ -e $HOME/at-hook ] || { echo >$HOME/at-hook; sleep 30; }' >$hook
        chmod +x $hook
        git -C $HOME/origin commit -q --allow-empty -m two
        """)
      // One that has not fetched just now.
      try await cut.town.systemctl("restart", "gastown-daemon")
      try await cut.town.beat()
      var former = cut.agents.atWork(ace)
      let daemon = try #require(cut.daemon)
      try await cut.kill(ace)
      try await eventually("the rebase is under way") { cut.town.exists("at-hook") }
      try await cut.town.kill(daemon)
      try await cut.back(ace, after: former, at: "a rebase")
      try await expectWorktree(cut, has: "two")
      for line in CutPoints.worktree {
        try await cut.town.shell("git -C origin commit -q --allow-empty -m \"$1\"", line)
        former = cut.agents.atWork(ace)
        try await cut.cut(line, concerned: [ace]) { try await cut.kill(ace) }
        try await cut.back(ace, after: former, at: line)
        try await expectWorktree(cut, has: "mine")
      }
    }
  }

  /// On its branch, whole, and with the work that was committed there.
  private func expectWorktree(_ cut: CutTown, has commit: String) async throws {
    let state = try await cut.town.shell(
      """
      cd gt/rig2/polecats/ace
      git symbolic-ref HEAD; git status --porcelain; cat mine; git log --format=%s
      ls -d "$(git rev-parse --git-path rebase-merge)" "$(git rev-parse --git-path index.lock)" 2>/dev/null || true
      """
    ).split(separator: "\n").map(String.init)
    #expect(state.prefix(2) == ["refs/heads/polecat/ace", "mine"], "\(state)")
    #expect(state.contains(commit) && !state.contains { $0.contains("rebase-merge") }, "\(state)")
  }
}
