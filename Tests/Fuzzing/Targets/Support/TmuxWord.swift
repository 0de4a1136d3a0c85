// SPDX-License-Identifier: Apache-2.0

/// How tmux reads what is written for it, as its manual has it: the other side of `TmuxArgument`,
/// written without looking at it.
enum TmuxWord {
  /// The commands in the words of one call: a `;` that ends a word ends the command, unless a `\` stands before it.
  static func read(_ words: [String]) -> [[String]] {
    var commands: [[String]] = [[]]
    for word in words {
      var bytes = Array(word.utf8)
      guard bytes.last == UInt8(ascii: ";") else {
        commands[commands.count - 1].append(word)
        continue
      }
      bytes.removeLast()
      let isPlain = bytes.last == UInt8(ascii: "\\")
      if isPlain { bytes[bytes.count - 1] = UInt8(ascii: ";") }
      if isPlain || !bytes.isEmpty { commands[commands.count - 1].append(String(decoding: bytes, as: UTF8.self)) }
      if !isPlain { commands.append([]) }
    }
    return commands
  }

  /// A format without anything to expand: `##` is `#`, but for any number of them before `[`. `nil` where something
  /// would be expanded.
  static func expanded(_ format: String) -> [Unicode.Scalar]? {
    var rest = Array(format.unicodeScalars)[...]
    var result: [Unicode.Scalar] = []
    while let scalar = rest.first {
      guard scalar == "#" else {
        result.append(rest.removeFirst())
        continue
      }
      let hashes = rest.prefix { $0 == "#" }.count
      rest = rest.dropFirst(hashes)
      if rest.first == "[" {
        result += Array(repeating: "#", count: hashes)
      } else if hashes.isMultiple(of: 2) {
        result += Array(repeating: "#", count: hashes / 2)
      } else {
        return nil
      }
    }
    return result
  }
}
