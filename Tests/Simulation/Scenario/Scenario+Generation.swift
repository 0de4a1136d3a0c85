// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

extension Scenario {
  /// Makes up a town and its fate.
  ///
  /// - Parameters:
  ///   - agents: how many workers there are; by default few, seldom many.
  ///   - hours: how long it lasts; by default one to six.
  ///   - extras: what befalls it besides.
  package init(seed: UInt64, agents: Int? = nil, hours: Int? = nil, extras: Set<Extra> = []) {
    var dice = Dice(seed: seed)
    self.seed = seed
    self.extras = extras
    let size =
      agents ?? (extras.contains(.shortLists) ? Scenario.longListAgents : nil)
      ?? dice.pick(weighted: [(660, 0...4), (250, 5...10), (70, 11...30), (16, 31...90), (4, 91...290)])
      .randomElement(using: &dice) ?? 0
    let length = hours ?? dice.pick(weighted: size > 30 ? [(1, 1)] : [(20, 1), (30, 3), (30, 6), (20, 12)])
    self.hours = length
    rigs = []
    workers = []
    entries = []
    // Names that begin with one another, and that look alike with other hyphens.
    let names = ["rig", "rig-a", "zoo", "my-rig"]
    if size > 0 { rigs = Array(names.prefix(size < 5 ? dice.roll(1...2) : dice.roll(1...4))) }
    for number in 0..<size {
      let rig = rigs[number % max(1, rigs.count)]
      let name = Scenario.name(number / max(1, rigs.count))
      workers.append(dice.chance(12) ? .crew(rig: rig, name: name) : .polecat(rig: rig, name: name))
    }
    // `rig-a/x` and `rig/a-x` would share a session.
    var sessions: Set<String> = []
    workers = workers.filter { sessions.insert($0.session).inserted }
    befall(with: &dice)
    befallMore()
    befallSockets()
    befallBesides()
    befallExtras()
    let indices = entries.indices.sorted { (entries[$0].time, $0) < (entries[$1].time, $1) }
    entries = indices.map { entries[$0] }
  }

  private static func name(_ number: Int) -> String {
    let first = ["toast", "toa", "t", "deep-fix", "deep", "x-1", "nux", "nux-2"]
    return number < first.count ? first[number] : "p\(number)"
  }

  /// How lively the town is, and what kinds of things happen, differs from seed to seed: rare things must
  /// also happen alone.
  private mutating func befall(with dice: inout Dice) {
    let end = milliseconds
    let count = agents.count
    let perHour = dice.pick([1, 2, 4, 8, 20]) + min(count / 4, 20)
    let kinds = Scenario.kinds.filter { _ in dice.chance(60) }
    guard !kinds.isEmpty else { return }
    var time: Int64 = dice.roll(0...60_000)
    while time < end {
      // What comes together mostly befalls one agent, as that is where things race.
      let burst = dice.chance(25) ? dice.roll(2...5) : 1
      let focus = dice.roll(0...count - 1)
      for _ in 0..<burst {
        let agent = dice.chance(70) ? focus : dice.roll(0...count - 1)
        entries.append(Entry(time: time, incident: dice.pick(weighted: kinds)(&dice, agent)))
        time += dice.span(dice.pick([0...0, 0...60, 0...400, 0...4_000]))
      }
      let mean = Int64(3_600_000 / perHour)
      time += dice.roll(0...2 * mean)
    }
    entries = entries.filter { $0.time < end }
  }

  /// What came to be thought of later befalls half of the towns, from dice of its own: the others are what they were.
  private mutating func befallMore() {
    var dice = Dice(seed: seed ^ 0x5EC0_4D11)
    guard dice.chance(50) else { return }
    for _ in 0..<hours * dice.pick([1, 3, 9]) {
      let time = dice.roll(0...milliseconds - 1)
      let agent = dice.roll(0...agents.count - 1)
      let incident: Incident = dice.pick(weighted: [
        (3, .attach(agent, seconds: dice.pick([2, 40, 900]))),
        (2, .crash(agent, signal: 9)),
        (2, .startByHand(agent, isElsewhere: dice.chance(50), inShell: true)),
        (1, .trouble(.ledgerIsSpoilt, seconds: dice.pick([3, 90]))),
        (2, .trouble(.directoriesAreMissing, seconds: dice.pick([3, 90, 900]))),
        (1, .killDaemon(effects: dice.roll(0...9), milliseconds: 100)),
      ])
      entries.append(Entry(time: time, incident: incident))
    }
  }

  /// Half of the towns, from dice of their own again: what others do to the sockets of tmux servers, and deaths beside
  /// that.
  private mutating func befallSockets() {
    var dice = Dice(seed: seed ^ 0x50C6_E75A)
    guard dice.chance(50) else { return }
    for _ in 0..<max(2, hours / 2) {
      let time = dice.roll(0...milliseconds - 1)
      let agent = dice.roll(0...agents.count - 1)
      let incident: Incident = dice.pick(weighted: [
        (3, .removeSocket(isOwn: dice.chance(70))),
        (2, .trouble(.socketIsTaken, seconds: dice.pick([3, 90, 900]))),
        (2, .stranger(agent, isMarked: dice.chance(50), seconds: dice.pick([40, 900, 20_000]))),
      ])
      entries.append(Entry(time: time, incident: incident))
      if dice.chance(60) {
        entries.append(Entry(time: time + dice.span(0...3_000), incident: .crash(agent, signal: 9)))
      }
    }
    let end = milliseconds
    entries = entries.filter { $0.time < end }
  }

  /// A third of the towns, from dice of their own: what goes on in and beside the panes of agents.
  private mutating func befallBesides() {
    var dice = Dice(seed: seed ^ 0xBE51_DE5A)
    guard dice.chance(35) else { return }
    for _ in 0..<max(3, hours) {
      let time = dice.roll(0...milliseconds - 1)
      let agent = dice.roll(0...agents.count - 1)
      let incident: Incident = dice.pick(weighted: [
        (3, .detach(agent, isPersons: dice.chance(30), seconds: dice.pick([900, 20_000]))),
        (
          3,
          .forgeMark(
            agent, isShell: dice.chance(50), isAdopted: dice.chance(50), seconds: dice.pick([40, 900, 20_000]))
        ),
        (1, .command(dice.pick([.stop, .start, .restart]), agent)),
      ])
      entries.append(Entry(time: time, incident: incident))
      if dice.chance(60) {
        entries.append(Entry(time: time + dice.span(0...90_000), incident: .crash(agent, signal: 9)))
      }
    }
    let end = milliseconds
    entries = entries.filter { $0.time < end }
  }

  private typealias Maker = @Sendable (inout Dice, Int) -> Incident

  private static let kinds: [(Int, Maker)] = [
    (12, { dice, agent in .crash(agent, signal: dice.pick([9, 11, 6, 15])) }),
    (5, { dice, agent in .exit(agent, status: dice.pick([0, 0, 1, 127])) }),
    (3, { dice, agent in .sickness(agent, seconds: dice.roll(20...1_500)) }),
    (5, { _, agent in .finish(agent) }),
    (8, { dice, agent in .assign(agent, isSpawning: dice.chance(20)) }),
    (1, { dice, _ in .assignMany(percent: dice.roll(20...100)) }),
    (2, { _, agent in .closeWork(agent) }),
    (5, { dice, agent in .request(agent, dice.pick(LifecycleAction.allCases)) }),
    (2, { dice, agent in .forge(agent, dice.pick(LifecycleAction.allCases)) }),
    (2, { _, agent in .announce(agent) }),
    (2, { _, agent in .command(.start, agent) }),
    (2, { _, agent in .command(.stop, agent) }),
    (2, { _, agent in .command(.restart, agent) }),
    (1, { _, agent in .command(.reset, agent) }),
    (2, { _, agent in .hold(agent) }),
    (2, { _, agent in .release(agent) }),
    (
      3,
      { dice, agent in
        .startByHand(agent, isElsewhere: dice.chance(40), inShell: dice.chance(40))
      }
    ),
    (2, { _, agent in .removeSession(agent) }),
    (4, { _, _ in .useTown }),
    (3, { _, _ in .askBeat }),
    (2, { dice, _ in .killMany(percent: dice.roll(10...100)) }),
    (2, { _, _ in .endServer }),
    (8, { dice, _ in .trouble(dice.pick(Outage.first), seconds: dice.pick([3, 20, 90, 400])) }),
    (1, { dice, _ in .setClock(seconds: dice.pick([-86_400, -3_600, -30, 5, 400, 7_200, 86_400 * 30])) }),
    (1, { dice, _ in .suspend(seconds: dice.pick([5, 600, 30_000])) }),
    (1, { _, _ in .reboot }),
    (
      9,
      { dice, _ in
        .killDaemon(
          effects: dice.roll(0...dice.pick([2, 10, 60])), milliseconds: dice.pick([30, 100, 5_000, 120_000]))
      }
    ),
    (2, { dice, _ in .stopDaemon(milliseconds: dice.pick([100, 10_000, 300_000])) }),
  ]
}
