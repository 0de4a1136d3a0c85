// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Town

@Suite struct ScopeRuleTests {
  private static let agent = AgentIdentity.polecat(rig: "rig", name: "toast")
  private static let server = ServerIdentity(pid: 100, startedAt: 1)

  private static func life(_ pid: Int32, boot: String = "boot") -> ProcessLife {
    ProcessLife(boot: boot, server: server, pane: "%1", pid: pid, startTime: UInt64(pid))
  }

  private static func scope(_ pid: Int32) -> AgentScope {
    let unit = AgentScope.unit(of: agent, life: life(pid))
    return AgentScope(unit: unit, path: "/user.slice/\(unit)", life: life(pid))
  }

  private static func remains(marks: Set<String> = [], sparing: Int32? = nil) -> AgentRemains {
    AgentRemains(scope: scope(7), marks: marks, sparing: sparing)!
  }

  private static func place(isMarked: Bool = true, settlesIn: Duration? = nil) -> Liveness.Place {
    var place = Liveness.Place(serverName: "x", isOwnServer: true, isMarked: isMarked)
    place.settlesIn = settlesIn
    return place
  }

  private static func shell(_ pid: Int32) -> Liveness {
    .deadShell(Liveness.Shell(life: life(pid), place: place(), isAttached: false, belongsHere: true))
  }

  private static let corpse = Liveness.dead(
    Liveness.Corpse(place: place(), server: server, pane: "%1", pid: 7, cause: .signalled(9)))

  @Test(
    arguments: [
      // Who lives is put into a group of its own, once.
      (.alive(life(7), place: place()), nil, true, .confine(agent, life(7), former: nil)),
      (.alive(life(7), place: place()), scope(7), true, nil),
      (.alive(life(7), place: place()), nil, false, nil),
      // Nobody else's is touched, nor what may be somebody else's still.
      (.alive(life(7), place: place(isMarked: false)), nil, true, nil),
      (.alive(life(7), place: place(settlesIn: .seconds(1))), nil, true, nil),
      // What a former life has left goes first, also where nobody makes groups any more.
      (.alive(life(8), place: place()), scope(7), true, .confine(agent, life(8), former: scope(7))),
      (.alive(life(8), place: place()), scope(7), false, .sweep(agent, remains())),
      // Who is dead leaves nothing behind; the shell in which it ran is not it.
      (corpse, scope(7), true, .sweep(agent, remains())),
      (corpse, nil, true, nil), (.absent, nil, true, nil),
      (.absent, scope(7), false, .sweep(agent, remains())),
      (shell(7), scope(7), true, .sweep(agent, remains(sparing: 7))),
      (shell(9), scope(7), true, .sweep(agent, remains())),
      // Whose death is not known may live.
      (.unknown("tmux does not answer"), scope(7), true, nil),
    ] as [(Liveness, AgentScope?, Bool, ScopeRule.Step?)])
  func `what is done about an agent's control group`(
    liveness: Liveness, scope: AgentScope?, confines: Bool, step: ScopeRule.Step?
  ) {
    let observation = AgentObservation(agent: Self.agent, liveness: liveness, bead: .known(nil))
    let snapshot = TownSnapshot(time: Timestamp(seconds: 0), boot: "boot", agents: [observation])
    var ledger = Ledger()
    ledger[Self.agent].scope = scope
    let steps = ScopeRule.steps(snapshot, ledger: ledger, busy: [], confines: confines, limits: [:])
    #expect(steps == (step.map { [$0] } ?? []))
    #expect(
      ScopeRule.steps(snapshot, ledger: ledger, busy: [Self.agent.session], confines: confines, limits: [:]).isEmpty)
  }

  @Test(
    arguments: [
      (AgentLimits(), AgentLimits(memoryMax: 1, tasksMax: 2), true), (AgentLimits(memoryMax: 1), AgentLimits(), true),
      (AgentLimits(tasksMax: 2), AgentLimits(tasksMax: 3), true),
      (AgentLimits(tasksMax: 2), AgentLimits(tasksMax: 2), false),
      (AgentLimits(), AgentLimits(), false),
    ])
  func `a living agent gets the limits that its role has now, whichever daemon has set the others`(
    present: AgentLimits, wanted: AgentLimits, isSet: Bool
  ) {
    var scope = Self.scope(7)
    scope.memoryMax = present.memoryMax
    scope.tasksMax = present.tasksMax
    func steps(_ liveness: Liveness, confines: Bool = true) -> [ScopeRule.Step] {
      let observation = AgentObservation(agent: Self.agent, liveness: liveness, bead: .known(nil))
      let snapshot = TownSnapshot(time: Timestamp(seconds: 0), boot: "boot", agents: [observation])
      var ledger = Ledger()
      ledger[Self.agent].scope = scope
      return ScopeRule.steps(
        snapshot, ledger: ledger, busy: [], confines: confines,
        limits: wanted == AgentLimits() ? [.deacon: AgentLimits(memoryMax: 9)] : [.polecat: wanted])
    }
    let lives = Liveness.alive(Self.life(7), place: Self.place())
    #expect(steps(lives) == (isSet ? [.limit(Self.agent, scope)] : []))
    #expect(steps(lives, confines: false).isEmpty)
    #expect(!steps(Self.corpse).contains(.limit(Self.agent, scope)))
  }

  @Test func `what bears a dead life's mark is looked for, and nothing while a start may have made a new one`() {
    func steps(_ liveness: Liveness, launch: AgentRecord.Launch? = nil) -> [ScopeRule.Step] {
      let observation = AgentObservation(agent: Self.agent, liveness: liveness, bead: .known(nil))
      let snapshot = TownSnapshot(time: Timestamp(seconds: 0), boot: "boot", agents: [observation])
      var ledger = Ledger()
      ledger[Self.agent].marks = ["one", "two"]
      ledger[Self.agent].launch = launch
      return ScopeRule.steps(snapshot, ledger: ledger, busy: [], confines: false, limits: [:])
    }
    let remains = AgentRemains(scope: nil, marks: ["one", "two"])!
    #expect(steps(Self.corpse) == [.sweep(Self.agent, remains)] && steps(.absent) == [.sweep(Self.agent, remains)])
    #expect(steps(.alive(Self.life(7), place: Self.place())).isEmpty && steps(.unknown("x")).isEmpty)
    let launch = AgentRecord.Launch(at: Timestamp(seconds: 0), isRestart: true, hook: nil)
    #expect(steps(.absent, launch: launch).isEmpty)
  }

  @Test func `marks are remembered until nothing of them is left, and not without end`() throws {
    var record = AgentRecord()
    for number in 0..<20 { record.noteMark("\(number)") }
    #expect(record.marks == (12..<20).map(String.init))
    record.forget(["12", "13"])
    #expect(record.marks?.first == "14")
    record.forget(Set((0..<20).map(String.init)))
    #expect(record.isEmpty)
  }

  @Test func `a life is at home in its own scope only`() {
    var scope = Self.scope(7)
    #expect(scope.isOwn)
    scope.life = Self.life(8)
    #expect(!scope.isOwn)
    scope.unit = "run-r1.scope"
    #expect(scope.isOwn)
  }

  @Test func `a unit's name is of one start, and fits`() {
    let long = AgentIdentity.polecat(rig: String(repeating: "r", count: 200), name: String(repeating: "n", count: 200))
    let units = [7, 8].map { AgentScope.unit(of: long, life: Self.life($0)) }
    #expect(units[0] != units[1] && units.allSatisfy { $0.utf8.count <= 255 && $0.hasSuffix(".scope") })
    #expect(AgentScope.unit(of: Self.agent, life: Self.life(7)) == "gastown-agent-gt-rig-toast-7-7.scope")
  }

  @Test(
    arguments: [
      ("/a.slice/gastown-agent-gt-rig-toast-7-7.scope", true), ("/tmux-spawn-1-2.scope", true),
      ("/run-r12.scope", true),
      ("/user.slice/session-3.scope", false), ("/init.scope", false), ("/gastown-tmux.service", false), ("/", false),
      ("/gastown-agent-x.scope/below", false),
    ])
  func `which groups are one agent's`(path: String, isOne: Bool) {
    #expect((AgentScope.unit(at: path) != nil) == isOne)
  }

  @Test func `a group holds what is below it, and nothing beside it`() {
    let scope = Self.scope(7)
    #expect(scope.contains(scope.path) && scope.contains("\(scope.path)/below"))
    #expect(!scope.contains("\(scope.path)0") && !scope.contains("/user.slice"))
  }
}
