// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Where the time between a death and the new agent goes, by what the daemon tells the journal.
struct Profile: Codable {
  struct Phase: Codable {
    var name: String
    /// Milliseconds since the kill.
    var figure: Figure
  }

  var agents: Int
  var store: Measurement.Store
  var phases: [Phase]
  /// What the daemon started for one death, until its agent was told to begin.
  var commands: [String]

  /// Kills some agents, one at a time, and compares the clocks.
  static func take(_ ours: Ours, agents: Int, deaths: Int, arrivals: inout Arrivals) throws -> Profile {
    try ours.settle()
    var kills: [(session: String, time: Double, arrival: Double)] = []
    for number in 0..<deaths {
      let session = ours.agent(number % agents + 1)
      if agents < deaths { try ours.settleOne() }
      let took = try Deaths.deaths(of: [session], contender: ours.name, arrivals: &arrivals)
      kills.append((session, realTime() - Double(Clock.now - took.begin) / 1e6, took.milliseconds))
      Clock.sleep(seconds: 0.3 + Double.random(in: 0...0.1))
    }
    try ours.settle()
    let entries = try journal(since: kills[0].time)
    var phases: [(String, [Double])] = []
    for (event, name) in [
      ("crash_detected", "the journal has the crash"), ("agent_restarted", "the journal has the restart"),
    ] {
      let times = kills.compactMap { kill in
        entries.first { $0.event == event && $0.session == kill.session && $0.time > kill.time }.map {
          $0.time - kill.time
        }
      }
      guard !times.isEmpty else { throw Problem("the journal has no \(event)") }
      phases.append((name, times))
    }
    phases.insert(("the new agent runs", kills.map(\.arrival)), at: 1)
    return Profile(
      agents: agents, store: ours.store, phases: phases.map { Phase(name: $0, figure: Figure($1)) },
      commands: try commands(ours, arrivals: &arrivals))
  }

  private static func commands(_ ours: Ours, arrivals: inout Arrivals) throws -> [String] {
    try Beats.counting {
      try ours.settle()
      try Shell.run(": >~/processes")
      _ = try Deaths.deaths(of: [ours.agent(1)], contender: ours.name, arrivals: &arrivals)
      // It is not on the list of those who wait to begin before it is up.
      Clock.sleep(seconds: 1)
      try ours.settleOne()
      return try Shell.lines("cat ~/processes").map(shortened)
    }
  }

  /// The program and the names of its commands: what they are about is long.
  private static func shortened(_ line: String) -> String {
    let words = line.split(separator: " ").map(String.init)
    let known = words.filter { word in
      word.contains("-") && !word.hasPrefix("-") && word.allSatisfy { $0.isLowercase || $0 == "-" }
        || ["bd", "git", "list", "show", "update", "fetch", "status"].contains(word)
    }
    return ([words.first ?? ""] + known.filter { $0 != words.first }).joined(separator: " ")
  }

  /// Milliseconds since 1970.
  private static func realTime() -> Double {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1e6
  }

  private static func journal(since time: Double) throws -> [(event: String, session: String, time: Double)] {
    struct Entry: Decodable {
      var GT_EVENT: String?
      var GT_SESSION: String?
      var _SOURCE_REALTIME_TIMESTAMP: String?
    }
    let lines = try Shell.lines(
      """
      journalctl --user -u gastown-daemon -o json --no-pager --since "@$1" \
        --output-fields=GT_EVENT,GT_SESSION,_SOURCE_REALTIME_TIMESTAMP
      """, "\(Int(time / 1_000))")
    return try lines.compactMap { line in
      let entry = try JSONDecoder().decode(Entry.self, from: Data(line.utf8))
      guard let event = entry.GT_EVENT, let session = entry.GT_SESSION,
        let stamp = entry._SOURCE_REALTIME_TIMESTAMP.flatMap({ Double($0) })
      else { return nil }
      return (event, session, stamp / 1_000)
    }
  }
}
