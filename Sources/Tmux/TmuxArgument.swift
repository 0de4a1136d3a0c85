// SPDX-License-Identifier: Apache-2.0

/// How words must be written for tmux to take them as they are. The one place that knows.
package enum TmuxArgument {
  /// One word of a command. tmux takes a `;` at the end of any word as the end of the command, and
  /// a `\;` there as a plain one. Everything else in a word of its own reaches the command intact.
  package static func encoded(_ word: String) -> String {
    // By scalars: a character may be a `;` with what stands before it.
    word.utf8.last == UInt8(ascii: ";") ? String(word.unicodeScalars.dropLast()) + "\\;" : word
  }

  /// The words of one call of several commands.
  package static func words(of commands: [[String]]) -> [String] {
    var words: [String] = []
    for command in commands {
      if !words.isEmpty { words.append(";") }
      words += command.map(encoded)
    }
    return words
  }

  /// Several commands as one word, for `if-shell`, whose commands tmux reads as it reads a configuration file. tmux
  /// leaves out the rest of them after one that fails.
  static func nested(_ commands: [[String]]) -> String {
    commands.map { $0.map(quoted).joined(separator: " ") }.joined(separator: " ; ")
  }

  /// One word, which tmux's parser of configuration files turns into exactly `word`.
  ///
  /// In single quotes everything stands for itself, but a line ends where its line feed is, quotes or none. So a word
  /// with a control character, or with a single quote, goes into double quotes, and there every character with a
  /// meaning is a number: `~` is a home directory after an opening quote.
  static func quoted(_ word: String) -> String {
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

  private static func octal(_ byte: UInt8) -> String {
    let digits = String(byte, radix: 8)
    return "\\" + String(repeating: "0", count: 3 - digits.count) + digits
  }

  /// `text` for a place where tmux expands formats, such as the directory of a new pane, so that it
  /// comes out as it went in: `#(…)` there would be run by a shell.
  ///
  /// A `#` is written twice; but tmux leaves any number of them before a `[` alone. This is not
  /// for the formats of `display-message` and `status-*`, which also expand `%` for `strftime`.
  package static func literal(inFormat text: String) -> String {
    var result = ""
    var run = 0
    for character in text.unicodeScalars {
      if character == "#" {
        run += 1
        continue
      }
      result += hashes(run, before: character)
      run = 0
      result.unicodeScalars.append(character)
    }
    return result + hashes(run, before: nil)
  }

  private static func hashes(_ count: Int, before next: Unicode.Scalar?) -> String {
    String(repeating: "#", count: next == "[" ? count : 2 * count)
  }

  /// The words that start `argv` as a pane's own process. A command of a single word is handed to
  /// a shell by tmux; with `env` in front there are always several.
  package static func paneCommand(_ argv: [String]) -> [String] {
    ["/usr/bin/env", "--"] + argv
  }

  /// `-e NAME=VALUE` for each variable, in the order of their names.
  static func environment(_ variables: [String: String]) -> [String] {
    variables.sorted { $0.key < $1.key }.flatMap { ["-e", "\($0.key)=\($0.value)"] }
  }
}
