// SPDX-License-Identifier: Apache-2.0

import Simulation
import Testing

@Suite struct EngineTests {
  @Test func `the agenda gives what comes first, and of one time what was entered first`() {
    var agenda = Agenda<String>()
    for (item, time) in [("d", 9), ("a", 1), ("b", 5), ("c", 5), ("e", 9)] as [(String, Int64)] {
      agenda.enter(item, at: time)
    }
    #expect(agenda.next == 1)
    agenda.reschedule { item, time in item == "e" ? 0 : time }
    var order: [String] = []
    while let entry = agenda.take() { order.append(entry.item) }
    #expect(order == ["e", "a", "b", "c", "d"])
  }

  @Test func `the agenda holds against sorting`() {
    var dice = Dice(seed: 7)
    var agenda = Agenda<Int>()
    var expected: [(Int64, Int)] = []
    for number in 0..<500 {
      let time = dice.roll(0...50 as ClosedRange<Int64>)
      agenda.enter(number, at: time)
      expected.append((time, number))
    }
    var order: [Int] = []
    while let entry = agenda.take() { order.append(entry.item) }
    #expect(order == expected.sorted { $0 < $1 }.map(\.1))
  }

  @Test func `dice follow from their seed`() {
    var (first, second, other) = (Dice(seed: 1), Dice(seed: 1), Dice(seed: 2))
    let numbers = (0..<20).map { _ in first.roll(0...1_000_000) }
    #expect(numbers == (0..<20).map { _ in second.roll(0...1_000_000) })
    #expect(numbers != (0..<20).map { _ in other.roll(0...1_000_000) })
  }

  @Test func `a digest sees every letter and every line`() {
    func digest(_ lines: [String]) -> String {
      var trace = Trace(.digest)
      for line in lines { trace.add(line) }
      return trace.digest
    }
    let digests = [["abcdefgh i"], ["abcdefgh j"], ["abcdefgh", " i"], [], [""], ["abcdefg", "h i"]].map(digest)
    #expect(Set(digests).count == digests.count)
    #expect(digest(["abcdefgh i"]) == digests[0])
  }

  @Test func `a scenario follows from its seed, and an incident means something in a smaller town`() {
    let scenario = Scenario(seed: 5, agents: 12, hours: 3)
    #expect(scenario.entries == Scenario(seed: 5, agents: 12, hours: 3).entries)
    #expect(scenario.agents.count >= 12 && scenario.hours == 3)
    #expect(scenario.entries.map(\.time) == scenario.entries.map(\.time).sorted())
    let kept = scenario.keeping([2, 0, 999])
    #expect(kept.entries == [scenario.entries[0], scenario.entries[2]])
    let known = Scenario.known(in: "# none\n17 # why\n\n4 48 # 9\n")
    #expect(known == [Scenario.Known(17), Scenario.Known(4, hours: 48)])
  }
}
