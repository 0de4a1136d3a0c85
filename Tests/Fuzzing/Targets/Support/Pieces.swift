// SPDX-License-Identifier: Apache-2.0

/// Takes an input apart where a reader wants more than one thing. What is left over stays for the last.
struct Pieces {
  private var rest: ArraySlice<UInt8>

  init(_ input: [UInt8]) { rest = input[...] }

  /// A small number, 0 where nothing is left.
  mutating func byte() -> Int { Int(rest.popFirst() ?? 0) }

  /// What comes before the next line feed, without it.
  mutating func line() -> [UInt8] {
    let line = rest.prefix { $0 != UInt8(ascii: "\n") }
    rest = rest.dropFirst(line.count + 1)
    return Array(line)
  }

  mutating func remainder() -> [UInt8] {
    defer { rest = [] }
    return Array(rest)
  }

  /// `bytes` in parts of the lengths that the input's own bytes give.
  static func chunks(of bytes: [UInt8], by sizes: [UInt8]) -> [[UInt8]] {
    var chunks: [[UInt8]] = []
    var start = 0
    var index = 0
    while start < bytes.count {
      let size = sizes.isEmpty ? 1 : Int(sizes[index % sizes.count]) + 1
      let end = min(start + size, bytes.count)
      chunks.append(Array(bytes[start..<end]))
      start = end
      index += 1
    }
    return chunks
  }
}
