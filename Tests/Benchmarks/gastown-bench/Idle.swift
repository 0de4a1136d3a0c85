// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// What supervisors use while nothing happens, read from /proc.
struct Idle {
  /// All of these processes together, over some time.
  struct Usage {
    /// Milliseconds on a processor, a minute.
    var processor: Double = 0
    /// How often a thread that had nothing to do was woken, a minute.
    var wakeups: Double = 0
    /// In the end.
    var memory = Memory()
  }

  /// Megabytes (of 1,000,000 bytes).
  struct Memory {
    var resident: Double = 0
    var anonymous: Double = 0
  }

  /// One thread's counters since it began. A thread that ends takes its counters along, so they are compared one by one.
  private struct Counters {
    /// Nanoseconds.
    var processor: Double
    var switches: Double
  }

  /// Of each contender, over the same seconds. Ours is between two heartbeats and two runs of the dead man's check.
  static func measure(_ contenders: [any Contender], seconds: Double) throws -> [Usage] {
    for contender in contenders { try contender.settle() }
    for _ in 1...3 {
      // The check's timer counts from its end: two minutes. Threads that wait for work end after some seconds.
      try Shell.run("systemctl --user start gastown-check.service; sleep 15", seconds: 60)
      let pids = try contenders.map { try $0.supervisors() }
      let beats = try heartbeats()
      let before = try pids.map(counters)
      Clock.sleep(seconds: seconds)
      let after = try pids.map(counters)
      guard try heartbeats() == beats else { continue }
      return try pids.indices.map { index in
        var usage = Usage()
        for (thread, now) in after[index] {
          let then = before[index][thread] ?? Counters(processor: 0, switches: 0)
          usage.processor += (now.processor - then.processor) / 1e6 * 60 / seconds
          usage.wakeups += (now.switches - then.switches) * 60 / seconds
        }
        usage.memory = try memory(pids[index])
        return usage
      }
    }
    throw Problem("there was no minute without a heartbeat")
  }

  static func memory(_ contenders: [any Contender]) throws -> [Memory] {
    try contenders.map { try memory($0.supervisors()) }
  }

  private static func memory(_ pids: [Int32]) throws -> Memory {
    var sum = Memory()
    for pid in pids {
      let status = try text("/proc/\(pid)/status")
      sum.resident += number("VmRSS:", in: status) * 1_024 / 1e6
      sum.anonymous += number("RssAnon:", in: status) * 1_024 / 1e6
    }
    return sum
  }

  /// By process and thread.
  private static func counters(of pids: [Int32]) throws -> [String: Counters] {
    var found: [String: Counters] = [:]
    for pid in pids {
      for thread in try FileManager.default.contentsOfDirectory(atPath: "/proc/\(pid)/task") {
        let directory = "/proc/\(pid)/task/\(thread)"
        // Gone since it was listed.
        guard let times = try? text("\(directory)/schedstat"), let status = try? text("\(directory)/status") else {
          continue
        }
        found["\(pid)/\(thread)"] = Counters(
          processor: times.split(separator: " ").first.flatMap { Double($0) } ?? 0,
          switches: number("voluntary_ctxt_switches:", in: status))
      }
    }
    return found
  }

  private static func heartbeats() throws -> String {
    let state = try text("\(FileManager.default.homeDirectoryForCurrentUser.path)/gt/daemon/state.json")
    return state.split(separator: ",").first { $0.contains("heartbeat_count") }.map(String.init) ?? ""
  }

  private static func text(_ path: String) throws -> String {
    guard let data = FileManager.default.contents(atPath: path) else { throw Problem("\(path) cannot be read") }
    return String(decoding: data, as: UTF8.self)
  }

  private static func number(_ key: String, in text: String) -> Double {
    text.split(separator: "\n").first { $0.hasPrefix(key) }?.split(whereSeparator: \.isWhitespace).dropFirst().first
      .flatMap { Double($0) } ?? 0
  }
}
