// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

#if canImport(Glibc)
  import Glibc
#endif

/// Runs a target on small inputs made long: what costs more than its length shows here, as the fuzzer's own inputs are
/// too short for that.
struct Stretching {
  let target: FuzzTarget
  let town: ScratchTown
  /// How long the longest inputs are, in bytes.
  var length = 1 << 20
  /// The most that one of them may take, in seconds of the processor's time.
  var limit = 5.0
  /// The most memory that one of them may need, in megabytes.
  var memory = 1_024.0

  /// - Returns: 1 where something took too long, or too much, or broke a promise.
  func run(files: [String]) -> Int32 {
    var worst = (seconds: 0.0, megabytes: 0.0)
    var failures: Int32 = 0
    for file in files {
      guard let content = FileManager.default.contents(atPath: file), !content.isEmpty else { continue }
      for (way, input) in ways([UInt8](content)) {
        resetPeak()
        let (start, base) = (now, peak)
        var complaint: String?
        do { try target.run(input, in: town) } catch { complaint = "\(error)" }
        let (seconds, megabytes) = (now - start, peak - base)
        worst = (max(worst.seconds, seconds), max(worst.megabytes, megabytes))
        if seconds > limit || megabytes > memory || complaint != nil {
          failures = 1
          let cost = "\(seconds.rounded()) s, \(megabytes.rounded()) MB"
          print("\(target.name): \(file) \(way), \(input.count) bytes: \(cost) \(complaint?.prefix(300) ?? "")")
        }
      }
    }
    print(
      "\(target.name) worst-of-1-MiB seconds=\((worst.seconds * 1_000).rounded() / 1_000) megabytes=\(worst.megabytes.rounded())"
    )
    return failures
  }

  /// The input again and again; its first half once and then the second; a piece of its middle; and its first line kept.
  private func ways(_ input: [UInt8]) -> [(String, [UInt8])] {
    func fill(_ head: [UInt8], _ part: [UInt8], _ tail: [UInt8]) -> [UInt8] {
      guard !part.isEmpty else { return input }
      let count = max(1, (length - head.count - tail.count) / part.count)
      return head + Array(repeatElement(part, count: count).joined()) + tail
    }
    let first = Array(input.prefix { $0 != UInt8(ascii: "\n") }) + [UInt8(ascii: "\n")]
    let rest = Array(input.dropFirst(first.count))
    let (third, two) = (input.count / 3, input.count * 2 / 3)
    var ways = [
      ("repeated", fill([], input, [])),
      ("with its middle repeated", fill(Array(input[..<third]), Array(input[third..<two]), Array(input[two...]))),
      ("with its first line once", fill(first, rest, [])),
    ]
    for place in [input.count / 4, input.count / 2, input.count * 3 / 4] where place < input.count {
      let end = min(place + 4, input.count)
      ways.append(
        (
          "with \(place)..<\(end) repeated",
          fill(Array(input[..<place]), Array(input[place..<end]), Array(input[end...]))
        ))
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
