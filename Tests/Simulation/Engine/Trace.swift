// SPDX-License-Identifier: Apache-2.0

/// What happened, line by line, and a digest of all of it: two runs with one digest were the same to the
/// letter.
package struct Trace: Sendable {
  /// How much is kept.
  package enum Extent: Sendable, Hashable {
    case digest
    case last(Int)
    case everything
  }

  private let extent: Extent
  private var kept: [String] = []
  private var hash: UInt64 = 0xCBF2_9CE4_8422_2325
  package private(set) var count = 0

  package init(_ extent: Extent) { self.extent = extent }

  package mutating func add(_ line: String) {
    count += 1
    var line = line
    // FNV-1a, over eight bytes at a time where there are so many.
    var hash = self.hash
    line.withUTF8 { bytes in
      let raw = UnsafeRawBufferPointer(bytes)
      var index = 0
      while index + 8 <= raw.count {
        hash = (hash ^ UInt64(littleEndian: raw.loadUnaligned(fromByteOffset: index, as: UInt64.self)))
        hash = (hash &* 0x0000_0100_0000_01B3) ^ (hash >> 29)
        index += 8
      }
      while index < raw.count {
        hash = (hash ^ UInt64(raw[index])) &* 0x0000_0100_0000_01B3
        index += 1
      }
    }
    self.hash = (hash ^ 0x0A) &* 0x0000_0100_0000_01B3
    switch extent {
    case .digest: break
    case .everything: kept.append(line)
    case .last(let limit):
      kept.append(line)
      if kept.count > 2 * limit { kept.removeFirst(kept.count - limit) }
    }
  }

  package var lines: [String] {
    if case .last(let limit) = extent { kept.suffix(limit) } else { kept }
  }

  /// Sixteen hexadecimal digits.
  package var digest: String {
    let text = String(hash, radix: 16)
    return String(repeating: "0", count: 16 - text.count) + text
  }
}
