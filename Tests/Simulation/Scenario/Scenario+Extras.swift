// SPDX-License-Identifier: Apache-2.0

/// Outage that came to the generator last, with what is held against it. Seeds that failed before are towns without it.
package enum Extra: String, Sendable, Hashable, CaseIterable {
  /// The machine is suspended and its clock is set, and what is told of an agent that idles or is dead must be true by
  /// its own running time.
  case trueNotices
  /// A command is missing for a moment: who died meanwhile lives again soon after.
  case missingCommands
  /// A tmux server of the same user on which no agent has ever lived does not answer, and delays no agent.
  case wedgedStrangers
  /// tmux servers of others and the bead store answer late, and that delays no agent.
  case slowServers
  /// Lists of beads end after fifty rows for a while.
  case shortLists

  /// What befalls a town of which nothing else is said, as its seed decides.
  package static func besides(seed: UInt64) -> Set<Extra> {
    var dice = Dice(seed: seed ^ 0xE87A_FA7E)
    // A town with long lists has many agents, and takes long.
    return Set(allCases.filter { dice.chance($0 == .shortLists ? 2 : 30) })
  }
}

extension Scenario {
  /// How many agents a town has at least in which lists of beads are too short.
  static let longListAgents = 60

  /// What befalls it besides, each from dice of its own: without it the town is the same.
  mutating func befallExtras() {
    for (number, extra) in Extra.allCases.enumerated() where extras.contains(extra) {
      var dice = Dice(seed: seed ^ 0xE87A_0000 ^ UInt64(number))
      for _ in 0..<max(2, hours / 2) {
        let time = dice.roll(0...milliseconds - 1)
        let agent = dice.roll(0...agents.count - 1)
        let crash = Entry(time: time + dice.span(0...2_000), incident: .crash(agent, signal: 9))
        switch extra {
        case .trueNotices:
          let incident: Incident =
            dice.chance(50)
            ? .suspend(seconds: dice.pick([600, 4_000, 30_000]))
            : .setClock(seconds: dice.pick([-7_200, -3_000, 2_400, 7_200, 86_400]))
          entries.append(Entry(time: time, incident: incident))
        case .missingCommands:
          entries += [Entry(time: time, incident: .trouble(.commandIsMissing, seconds: dice.pick([2, 5]))), crash]
        case .wedgedStrangers:
          entries += [
            Entry(time: time, incident: .trouble(.strangerIsWedged, seconds: dice.pick([90, 2_000]))), crash,
          ]
        case .slowServers:
          let trouble = dice.pick([Outage.otherTmuxIsSlow, .storeIsSlow])
          entries += [Entry(time: time, incident: .trouble(trouble, seconds: dice.pick([90, 2_000]))), crash]
        case .shortLists:
          entries += [Entry(time: time, incident: .trouble(.listsAreShort, seconds: dice.pick([90, 900]))), crash]
        }
      }
    }
    let end = milliseconds
    entries = entries.filter { $0.time < end }
  }
}
