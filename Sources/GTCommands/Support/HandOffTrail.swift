// SPDX-License-Identifier: Apache-2.0

import Glibc
import Processes

/// Which files a command has been handed through, in a variable that goes with it.
///
/// It counts only below the process that wrote it: an agent that a handed-on command has started has the
/// variable too, and hands on commands of its own.
struct HandOffTrail: Sendable, CustomStringConvertible {
  static let variable = "GT_HANDED_OFF"
  /// No real chain of programs that call one another is as long.
  private static let longest = 16

  private let pid: Int32
  private let words: UInt64
  private var count: Int
  private(set) var tried: [FileIdentity] = []

  /// - Parameter isBelow: whether a pid is ours or an ancestor's.
  static func read(
    _ text: String?, arguments: [String], pid: Int32 = getpid(), isBelow: (Int32) -> Bool = HandOffTrail.isBelow
  ) -> HandOffTrail {
    let words = hash(arguments)
    let fields = (text ?? "").split(separator: ":", omittingEmptySubsequences: false)
    guard fields.count == 4, let writer = Int32(fields[0]), let count = Int(fields[1]), count < Int.max, isBelow(writer)
    else {
      return HandOffTrail(pid: pid, words: words, count: 1)
    }
    var trail = HandOffTrail(pid: pid, words: words, count: count + 1)
    // Other words are another command: whoever was handed the first may well be handed this one.
    if fields[2] == String(words, radix: 16) {
      trail.tried = fields[3].split(separator: ",").compactMap { FileIdentity(String($0)) }
    }
    return trail
  }

  private init(pid: Int32, words: UInt64, count: Int) {
    self.pid = pid
    self.words = words
    self.count = count
  }

  var isFirst: Bool { count == 1 }
  var isTooLong: Bool { count > Self.longest }

  mutating func add(_ file: FileIdentity) {
    if !tried.contains(file) { tried.append(file) }
  }

  var description: String {
    "\(pid):\(count):\(String(words, radix: 16)):\(tried.map(\.description).joined(separator: ","))"
  }

  private static func isBelow(_ ancestor: Int32) -> Bool {
    let processes = ProcessTable()
    var pid = getpid()
    while pid > 1 {
      if pid == ancestor { return true }
      guard let parent = processes.status(pid)?.parent else { return false }
      pid = parent
    }
    return false
  }

  /// FNV-1a.
  private static func hash(_ arguments: [String]) -> UInt64 {
    var hash: UInt64 = 0xcbf2_9ce4_8422_2325
    for byte in arguments.joined(separator: "\0").utf8 { hash = (hash ^ UInt64(byte)) &* 0x0000_0100_0000_01b3 }
    return hash
  }
}
