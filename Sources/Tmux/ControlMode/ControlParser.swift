// SPDX-License-Identifier: Apache-2.0

/// Takes apart what a control-mode client is told: blocks, each the output of one command, and
/// notifications around them, which nobody here wants.
///
/// A block begins with `%begin T N F` and ends with `%end` or `%error` and the very same three numbers.
/// tmux hands text of panes on as it is, so a line within a block that looks like another end, or like
/// another beginning, is the block's text.
struct ControlParser: Sendable {
  /// What one command printed.
  struct Block: Sendable, Hashable {
    /// Whole lines, each with its line feed.
    var text: [UInt8] = []
    /// The command failed; the text says why.
    var isError = false
  }

  /// More has come than is kept of one block.
  struct Overflow: Error {}

  private let limit: Int
  /// The beginning of a line of which the end has not come.
  private var rest: [UInt8] = []
  /// What follows `%end ` or `%error ` at the end of the block that has begun.
  private var numbers: [UInt8]?
  private var block = Block()

  /// - Parameter limit: the most that is kept of one block, in bytes.
  init(limit: Int = 16 << 20) { self.limit = limit }

  /// The blocks that `bytes` complete.
  mutating func take(_ bytes: [UInt8]) throws(Overflow) -> [Block] {
    var blocks: [Block] = []
    var start = bytes.startIndex
    while let end = bytes[start...].firstIndex(of: UInt8(ascii: "\n")) {
      if rest.isEmpty {
        take(line: bytes[start..<end], into: &blocks)
      } else {
        let line = rest + bytes[start..<end]
        rest = []
        take(line: line[...], into: &blocks)
      }
      start = end + 1
    }
    rest += bytes[start...]
    if block.text.count + rest.count > limit { throw Overflow() }
    return blocks
  }

  private mutating func take(line: ArraySlice<UInt8>, into blocks: inout [Block]) {
    guard let numbers else {
      if let begun = Self.words(after: Self.begin, in: line), Self.areNumbers(begun) { self.numbers = Array(begun) }
      return
    }
    if line.first == UInt8(ascii: "%") {
      let isEnd = Self.words(after: Self.end, in: line)?.elementsEqual(numbers) == true
      let isError = Self.words(after: Self.error, in: line)?.elementsEqual(numbers) == true
      if isEnd || isError {
        block.isError = isError
        blocks.append(block)
        block = Block()
        self.numbers = nil
        return
      }
    }
    block.text += line
    block.text.append(UInt8(ascii: "\n"))
  }

  private static let begin = Array("%begin ".utf8)
  private static let end = Array("%end ".utf8)
  private static let error = Array("%error ".utf8)

  private static func words(after keyword: [UInt8], in line: ArraySlice<UInt8>) -> ArraySlice<UInt8>? {
    line.starts(with: keyword) ? line.dropFirst(keyword.count) : nil
  }

  /// Three decimal numbers.
  private static func areNumbers(_ text: ArraySlice<UInt8>) -> Bool {
    let words = text.split(separator: UInt8(ascii: " "), omittingEmptySubsequences: false)
    return words.count == 3
      && words.allSatisfy { word in
        !word.isEmpty && word.allSatisfy { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
      }
  }
}
