// SPDX-License-Identifier: Apache-2.0

import Glibc

/// From `kill -9` to the first instruction of the new agent.
struct Deaths {
  /// One agent at a time, of each contender in turn, so that whatever else the machine does meets all alike.
  static func oneByOne(_ contenders: [any Contender], agents: Int, rounds: Int, arrivals: inout Arrivals) throws
    -> [Figure]
  {
    for contender in contenders { try contender.settle() }
    // With few agents each dies again and again: not within the second for which runit would put it off.
    let spacing = max(0.3, 1.25 / Double(contenders.count * min(agents, 5)))
    var samples = contenders.map { _ in [Double]() }
    for round in 0..<rounds {
      for (index, contender) in contenders.enumerated() {
        let victim = contender.agent(round % agents + 1)
        // Where the same one dies again and again, not before it is at work again.
        if agents < rounds { try contender.settleOne() }
        let begin = Clock.now
        samples[index].append(try deaths(of: [victim], contender: contender.name, arrivals: &arrivals).milliseconds)
        // Not in step with anybody's timers.
        Clock.sleep(until: begin + Int64((spacing + Double.random(in: 0...0.1)) * 1e9))
      }
    }
    return samples.map(Figure.init)
  }

  /// All of a contender's agents, as fast as they can be killed: until the last is back.
  static func allAtOnce(_ contenders: [any Contender], agents: Int, rounds: Int, arrivals: inout Arrivals) throws
    -> [Figure]
  {
    var samples = contenders.map { _ in [Double]() }
    for _ in 0..<rounds {
      for (index, contender) in contenders.enumerated() {
        try contender.settle()
        let took = try deaths(of: contender.agents(agents), contender: contender.name, arrivals: &arrivals)
        samples[index].append(took.milliseconds)
      }
    }
    return samples.map(Figure.init)
  }

  /// Kills all of these, and waits until all are back.
  ///
  /// - Returns: when the first was killed (CLOCK_MONOTONIC, nanoseconds), and how long it took until the last new one ran.
  static func deaths(of victims: [String], contender: String, arrivals: inout Arrivals) throws
    -> (begin: Int64, milliseconds: Double)
  {
    arrivals.drain()
    let pids = try victims.map { name in
      guard let pid = arrivals.living[name]?.pid else { throw Problem("\(contender): \(name) does not live") }
      return pid
    }
    let begin = Clock.now
    for (name, pid) in zip(victims, pids) where kill(pid, SIGKILL) != 0 {
      throw Problem("\(contender): kill \(name): \(String(cString: strerror(errno)))")
    }
    var missing = Set(victims)
    var end = begin
    while !missing.isEmpty {
      guard let arrival = arrivals.next(by: begin + 60_000_000_000) else {
        throw Problem("\(contender): \(missing.count) of \(victims.count) killed agents are not back after a minute")
      }
      if missing.remove(arrival.name) != nil { end = max(end, arrival.time) }
    }
    return (begin, Double(end - begin) / 1e6)
  }
}
