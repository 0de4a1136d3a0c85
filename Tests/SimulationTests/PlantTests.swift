// SPDX-License-Identifier: Apache-2.0

import Simulation
import Supervision
import Testing
import Town

/// Faults of the product that are put in on purpose: the simulation is worth as much as it finds of them.
@Suite(.timeLimit(.minutes(5))) struct PlantTests {
  /// A town in which the fault shows, and the promise that it breaks.
  struct Case: Sendable, CustomTestStringConvertible {
    var plant: SeededDefect
    var promise: Promise
    var scenario: Scenario
    var testDescription: String { plant.rawValue }

    init(_ plant: SeededDefect, _ promise: Promise, seed: UInt64) {
      self.plant = plant
      self.promise = promise
      scenario = Scenario(seed: seed)
    }

    /// - Parameter incidents: by milliseconds, in a small town that is like the seed's.
    init(
      _ plant: SeededDefect, _ promise: Promise, agents: Int, with extras: Set<Extra> = [],
      _ incidents: [(Int64, Incident)]
    ) {
      self.plant = plant
      self.promise = promise
      scenario = Scenario(seed: 3, agents: agents, hours: 3, extras: extras)
      scenario.entries = incidents.map { Scenario.Entry(time: $0.0, incident: $0.1) }
    }
  }

  @Test(arguments: cases)
  func `a planted fault is found, and without it every promise is kept`(planted: Case) async {
    let found = await simulate(planted.scenario, plant: planted.plant)
    #expect(found.violation?.promise == planted.promise, "\(found.violation.map { "\($0)" } ?? "nothing was found")")
    let sound = await simulate(planted.scenario)
    #expect(sound.violation == nil, "\(sound.violation.map { "\($0)" } ?? "")")
  }

  @Test func `there is a case for every fault that can be planted`() {
    #expect(Set(PlantTests.cases.map(\.plant)) == Set(SeededDefect.allCases))
    #expect(SeededDefect.allCases.count >= 12)
  }

  /// Everybody's hook gets work, and the first polecats live.
  private static let work: [(Int64, Incident)] =
    (0..<12).map { (1_000, .assign($0, isSpawning: false)) }
    + [(2_000, .askBeat)]

  /// All of a town's agents, one after the other.
  private static func all(_ time: Int64, _ incident: (Int) -> Incident) -> [(Int64, Incident)] {
    (0..<12).map { (time, incident($0)) }
  }

  static let cases: [Case] = [
    Case(
      .holdsAreIgnored, .decisionsHold, agents: 6,
      work + all(100_000) { .hold($0) }
        + all(200_000) { .crash($0, signal: 9) }),
    Case(
      .silenceIsAbsence, .noDeathIsSilent, agents: 6,
      work + [(100_000, .endServer)]
        + all(100_010) { .startByHand($0, isElsewhere: true, inShell: false) }
        + [(160_000, .trouble(.otherTmuxIsSilent, seconds: 90)), (170_000, .askBeat), (180_000, .askBeat)]),
    Case(
      .staleBeadsAreFresh, .unknownIsUnknown, agents: 6,
      work + [(100_000, .trouble(.storeFails, seconds: 90))]
        + all(101_000) { .crash($0, signal: 9) }),
    Case(
      .requestsAreBelieved, .liveAgentIsNeverKilled, agents: 6,
      work + all(100_000) { .forge($0, .restart) }
        + [(101_000, .askBeat)]),
    Case(
      .otherServersAreForgotten, .oneAgentOneSession, agents: 6,
      [(1_000, .reboot)]
        + all(1_100) { .startByHand($0, isElsewhere: true, inShell: false) } + work.map { ($0.0 + 1_000, $0.1) }
        + [(100_000, .askBeat)]),
    Case(
      .removedSocketIsAbsence, .noDeathIsSilent, agents: 6,
      work + [(100_000, .removeSocket(isOwn: true))] + all(101_000) { .crash($0, signal: 9) }),
    Case(
      .childrenAreLeft, .whatItStartedGoes, agents: 6,
      work + all(100_000) { .crash($0, signal: 9) } + all(200_000) { .detach($0, isPersons: false, seconds: 9_000) }
        + all(300_000) { .crash($0, signal: 9) }),
    Case(
      .childrenAreEndedByName, .whatItStartedGoes, agents: 6,
      work + all(100_000) { .crash($0, signal: 9) } + all(200_000) { .detach($0, isPersons: true, seconds: 9_000) }
        + all(300_000) { .crash($0, signal: 9) }),
    Case(
      .marksAreBelieved, .marksProveNothing, agents: 6,
      work + all(100_000) { .forgeMark($0, isShell: false, isAdopted: false, seconds: 9_000) }
        + all(200_000) { .command(.stop, $0) }),
    Case(
      .strangersAreAsked, .noDeathIsSilent, agents: 6,
      work + all(100_000) { .stranger($0, isMarked: true, seconds: 900) } + all(101_000) { .crash($0, signal: 9) }),
    Case(
      .knownLivesAreForgotten, .noDeathIsSilent, agents: 6,
      work + all(100_000) { .crash($0, signal: 9) }
        + all(100_010) { .startByHand($0, isElsewhere: true, inShell: false) }
        + [(150_000, .askBeat), (200_000, .removeSocket(isOwn: false)), (210_000, .askBeat), (300_000, .askBeat)]),
    Case(
      .startsAreNotPaced, .noRestartLoop, agents: 60,
      (0..<66).map { (1_000, .assign($0, isSpawning: false)) }
        + [(100_000, .killMany(percent: 100)), (101_000, .askBeat)]),
    Case(.nobodyBacksOff, .noRestartLoop, agents: 6, work + all(100_000) { .sickness($0, seconds: 900) }),
    Case(
      .namesMatchByPrefix, .liveAgentIsNeverKilled, agents: 8,
      work + (0..<12).map { (100_000 + Int64($0) * 30_000, .command(.stop, $0)) }),
    Case(
      .respawnKills, .liveAgentIsNeverKilled, agents: 6,
      work + [(100_000, .trouble(.gitIsSlow, seconds: 60))]
        + all(101_000) { .crash($0, signal: 9) }
        + all(105_000) { .startByHand($0, isElsewhere: false, inShell: false) }),
    Case(
      .claimIsNotAtomic, .requestRunsOnce, agents: 6,
      work + all(100_000) { .request($0, .restart) }
        + [(101_000, .askBeat)]),
    Case(
      .endedStepIsForgotten, .requestRunsOnce, agents: 6,
      work
        + (0..<14).flatMap { round -> [(Int64, Incident)] in
          let time = 100_000 + Int64(round) * 600_000
          return [
            (time, .startByHand(1, isElsewhere: false, inShell: false)), (time + 10_000, .askBeat),
            (time + 20_000, .request(1, .restart)), (time + 20_010, .askBeat),
            (time + 20_020, .killDaemon(effects: 10 + round, milliseconds: 100)),
          ]
        }),
    Case(
      .requestsStayInTheirFiles, .liveAgentIsNeverKilled, agents: 6,
      work
        + (0..<14).flatMap { round -> [(Int64, Incident)] in
          let time = 100_000 + Int64(round) * 600_000
          return all(time) { .request($0, .restart) }
            + [
              (time + 10, .askBeat), (time + 100 + Int64(round) * 20, .trouble(.stateFilesFail, seconds: 60)),
              (time + 301_000, .askBeat),
            ] + all(time + 300_000) { .forge($0, .restart) }
        }),
    Case(
      .attemptsAreForgotten, .noRestartLoop, agents: 6,
      work + all(100_000) { .sickness($0, seconds: 1_200) }
        + (0..<60).map { (110_000 + Int64($0) * 12_000, .killDaemon(effects: 6, milliseconds: 100)) }),
    Case(
      .pendingIsForgotten, .daemonIsDisposable, agents: 6,
      work
        + (0..<20).flatMap { round -> [(Int64, Incident)] in
          let time = 60_000 + Int64(round) * 60_000
          return [
            (time, .crash(round, signal: 9)), (time + 10, .killDaemon(effects: 18, milliseconds: 30)),
          ]
        }),
    Case(
      .ledgerIsOld, .noDeathIsSilent, agents: 6,
      work + [(60_000, .stopDaemon(milliseconds: 100))]
        + all(100_000) { .crash($0, signal: 9) } + [(200_000, .stopDaemon(milliseconds: 100))]),
    Case(
      .messagesAreLost, .noDeathIsSilent, agents: 6,
      work + [(100_000, .crash(1, signal: 9))]
        + all(200_000) { .startByHand($0, isElsewhere: false, inShell: true) }
        + all(400_000) { .crash($0, signal: 9) }),
    Case(
      .deathsAreNotNoticed, .noDeathIsSilent, agents: 6,
      [(1_000, .useTown)] + work + all(1_200_000) { .crash($0, signal: 9) }),
    Case(
      .looksHaveNoDeadline, .nothingHangs, agents: 6,
      work + [
        (100_000, .trouble(.tmuxIsSilent, seconds: 300)),
        (101_000, .askBeat),
      ]),
    Case(
      .timersAreLost, .nothingHangs, agents: 6,
      work
        + (1...20).flatMap { round in all(Int64(round) * 120_000) { .crash($0, signal: 9) } }),
    Case(
      .noticesAreHasty, .noticesAreTrue, agents: 6, with: [.trueNotices],
      work + [(1_260_000, .askBeat), (1_500_000, .askBeat)]),
    Case(
      .strangersHoldBack, .noDeathIsSilent, agents: 6, with: [.wedgedStrangers],
      work + [(100_000, .trouble(.strangerIsWedged, seconds: 5_000))] + all(101_000) { .crash($0, signal: 9) }),
    Case(
      .momentsLast, .noDeathIsSilent, agents: 6, with: [.missingCommands],
      work + [(100_000, .trouble(.commandIsMissing, seconds: 5))]
        + [7, 9].map { (101_000, .crash($0, signal: 9)) }),
    Case(
      .storesAreHurried, .noDeathIsSilent, agents: 6, with: [.slowServers],
      work + [(100_000, .trouble(.storeIsSlow, seconds: 5_000))]
        + (0..<12).map { (101_000 + Int64($0) * 30_000, .crash($0, signal: 9)) }),
    Case(
      .shortListsAreWhole, .noDeathIsSilent, agents: 60, with: [.shortLists],
      (0..<66).map { (1_000, .assign($0, isSpawning: false)) }
        + [(2_000, .askBeat), (8_000_000, .trouble(.listsAreShort, seconds: 100)), (8_001_000, .askBeat)]
        + (0..<4).map { (8_005_000 + Int64($0) * 20_000, .crash(52 + 4 * $0, signal: 9)) }),
    Case(.textIsPrinted, .textIsText, agents: 6, work + all(100_000) { .crash($0, signal: 9) }),
  ]
}
