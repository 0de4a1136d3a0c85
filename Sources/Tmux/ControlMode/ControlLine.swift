// SPDX-License-Identifier: Apache-2.0

/// How commands are written for a control-mode client, which reads them by lines, as a configuration
/// file has them. The one place that knows.
enum ControlLine {
  /// One word, which tmux's parser turns into exactly `word`.
  ///
  /// In single quotes everything stands for itself, but a line ends where its line feed is, quotes or
  /// none. So a word with a control character, or with a single quote, goes into double quotes, and
  /// there whatever could mean something is a number: `~` is a home directory after an opening quote.
  static func encoded(_ word: String) -> String {
    let needsNumbers = word.utf8.contains { $0 < 0x20 || $0 == 0x7F || $0 == UInt8(ascii: "'") }
    guard needsNumbers else { return "'\(word)'" }
    var text = "\""
    for scalar in word.unicodeScalars {
      switch scalar {
      case "\"", "\\", "$", "~", "\0"..."\u{1F}", "\u{7F}": text += octal(UInt8(scalar.value))
      default: text.unicodeScalars.append(scalar)
      }
    }
    return text + "\""
  }

  /// Several commands in one line. tmux leaves out the rest of it after one that fails.
  static func text(of commands: [[String]]) -> String {
    commands.map { $0.map(encoded).joined(separator: " ") }.joined(separator: " ; ")
  }

  /// A line for `commands`, and one that prints `token`, by which the end of their answer is known
  /// however many commands tmux inserted or left out.
  static func request(_ commands: [[String]], token: String) -> [UInt8] {
    Array("\(text(of: commands))\ndisplay-message -p \(token)\n".utf8)
  }

  private static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
  }
}
