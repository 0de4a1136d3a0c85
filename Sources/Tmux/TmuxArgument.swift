// SPDX-License-Identifier: Apache-2.0

/// How words must be written for tmux to take them as they are. The one place that knows.
package enum TmuxArgument {
  /// One word of a command. tmux takes a `;` at the end of any word as the end of the command, and
  /// a `\;` there as a plain one. Everything else in a word of its own reaches the command intact.
  package static func encoded(_ word: String) -> String {
    word.utf8.last == UInt8(ascii: ";") ? word.dropLast() + "\\;" : word
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
