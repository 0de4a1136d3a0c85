// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Runs a target on small inputs made long: what costs more than its length shows here, as the fuzzer's own inputs are
/// too short for that.
struct Stretching {
  let target: FuzzTarget
  let town: ScratchTown
  /// How long the longest inputs are, in bytes.
  let length: Int
  /// The most of the processor's time that one may take, in seconds for each megabyte.
  private let slowest = 8.0
  /// By how much four times the length may be slower, where it takes long enough to tell.
  private let steepest = 9.0
  /// The most memory that one may need, in megabytes for each megabyte of it.
  private let hungriest = 400.0

  init(target: FuzzTarget, town: ScratchTown) {
    self.target = target
    self.town = town
    length = getenv("GASTOWN_FUZZ_LENGTH").flatMap { Int(String(cString: $0)) } ?? 1 << 20
  }

  /// - Returns: 1 where something took too long, or too much, or broke a promise.
  func run(files: [String]) -> Int32 {
    var (worst, inputs, failures) = (Cost(), 0, Int32(0))
    for file in files {
      guard let content = FileManager.default.contents(atPath: file), !content.isEmpty else { continue }
      for way in ways([UInt8](content)) {
        inputs += 1
        var former = 0.0
        // The shorter ones first: what grows too fast must not be waited for.
        for length in [length / 16, length / 4, length] {
          let cost = measure(way, length)
          worst = worst.max(cost)
          let size = Double(length) / Double(1 << 20)
          let isSteep = cost.seconds > 0.3 && cost.seconds > steepest * max(former, 0.005)
          former = cost.seconds
          guard
            cost.complaint != nil || isSteep || cost.seconds > max(0.5, slowest * size)
              || cost.megabytes > max(64, hungriest * size)
          else { continue }
          failures = 1
          let file = file.split(separator: "/").last ?? ""
          print("\(target.name): \(file) \(way.words), \(length) bytes: \(cost)\(isSteep ? ", and growing" : "")")
          fflush(nil)
          break
        }
      }
    }
    print("\(target.name) \(inputs) stretched inputs, at worst \(worst)")
    return failures
  }

  private struct Cost: CustomStringConvertible {
    var seconds = 0.0
    var megabytes = 0.0
    var complaint: String?

    func max(_ other: Cost) -> Cost {
      Cost(seconds: Swift.max(seconds, other.seconds), megabytes: Swift.max(megabytes, other.megabytes))
    }

    var description: String {
      "\((seconds * 1_000).rounded() / 1_000) s, \(megabytes.rounded()) MB\(complaint.map { ": \($0.prefix(300))" } ?? "")"
    }
  }

  /// What is once in front, what is repeated, and what is once behind it.
  private struct Way {
    var words: String
    var head: ArraySlice<UInt8>
    var part: ArraySlice<UInt8>
    var tail: ArraySlice<UInt8>
  }

  private func measure(_ way: Way, _ length: Int) -> Cost {
    let count = max(1, (length - way.head.count - way.tail.count) / max(way.part.count, 1))
    var input = Array(way.head)
    input.reserveCapacity(length)
    for _ in 0..<count { input += way.part }
    input += way.tail
    resetPeak()
    let (start, base) = (now, peak)
    var cost = Cost()
    do { try target.run(input, in: town) } catch { cost.complaint = "\(error)" }
    cost.seconds = now - start
    cost.megabytes = peak - base
    return cost
  }

  /// All of it, all but its first line, and pieces of several lengths all over it.
  private func ways(_ input: [UInt8]) -> [Way] {
    let first = input.prefix { $0 != UInt8(ascii: "\n") }.count + 1
    var ways = [Way(words: "again and again", head: [], part: input[...], tail: [])]
    if first < input.count {
      ways.append(Way(words: "after its first line", head: input[..<first], part: input[first...], tail: []))
    }
    for size in [1, 2, 4, 9, 20] {
      for start in stride(from: 0, to: input.count, by: max(1, input.count / 24)) {
        let end = min(start + size, input.count)
        ways.append(
          Way(
            words: "with \(start)..<\(end) repeated", head: input[..<start], part: input[start..<end],
            tail: input[end...]))
      }
    }
    return ways
  }

  private var now: Double {
    var time = timespec()
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  private func resetPeak() {
    guard let file = fopen("/proc/self/clear_refs", "w") else { return }
    fputs("5", file)
    fclose(file)
  }

  /// The most memory that this process has had since it was last reset, in megabytes.
  private var peak: Double {
    guard let content = FileManager.default.contents(atPath: "/proc/self/status") else { return 0 }
    let line = String(decoding: content, as: UTF8.self).split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
    return line?.split(separator: " ").dropLast().last.flatMap { Double($0) }.map { $0 / 1_024 } ?? 0
  }
}
