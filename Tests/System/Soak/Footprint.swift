// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Glibc

/// What a process takes of the machine at one time.
struct Footprint: Sendable {
  /// Memory of its own, in KiB.
  var anonymous: Int
  var resident: Int
  var descriptors: Int
  var threads: Int

  /// - Returns: `nil` where the process is gone.
  static func read(_ pid: Int32, root: String) -> Footprint? {
    guard pid > 0, let text = TestFile.text("\(root)/proc/\(pid)/status") else { return nil }
    func number(_ name: String) -> Int? {
      text.split(separator: "\n").first { $0.hasPrefix("\(name):") }?
        .split(whereSeparator: \.isWhitespace).dropFirst().first.flatMap { Int($0) }
    }
    guard let anonymous = number("RssAnon"), let resident = number("VmRSS"), let threads = number("Threads") else {
      return nil
    }
    return Footprint(
      anonymous: anonymous, resident: resident, descriptors: entries("\(root)/proc/\(pid)/fd"),
      threads: threads)
  }

  private static func entries(_ path: String) -> Int {
    guard let stream = opendir(path) else { return 0 }
    defer { closedir(stream) }
    var count = 0
    while readdir(stream) != nil { count += 1 }
    // Itself and its parent are among them.
    return max(0, count - 2)
  }

  /// The middle one of several, each by itself.
  static func median(_ samples: some Collection<Footprint>) -> Footprint {
    func middle(_ values: [Int]) -> Int { values.isEmpty ? 0 : values.sorted()[values.count / 2] }
    return Footprint(
      anonymous: middle(samples.map(\.anonymous)), resident: middle(samples.map(\.resident)),
      descriptors: middle(samples.map(\.descriptors)), threads: middle(samples.map(\.threads)))
  }
}

extension Footprint: CustomStringConvertible {
  var description: String {
    "\(anonymous) KiB anonymous, \(resident) KiB resident, \(descriptors) descriptors, \(threads) threads"
  }
}
