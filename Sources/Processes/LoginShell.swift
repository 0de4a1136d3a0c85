// SPDX-License-Identifier: Apache-2.0

/// Tells a shell that waits for a person from a program that a shell runs.
package enum LoginShell {
  private static let names: Set<String> = [
    "ash", "bash", "csh", "dash", "fish", "ksh", "ksh93", "mksh", "nu", "sh", "tcsh", "zsh",
  ]

  /// Long options that take the next word as their value.
  private static let optionsWithValue: Set<String> = [
    "--config", "--env-config", "--init-command", "--init-file", "--rcfile",
  ]

  /// Whether a process is a shell that was given nothing to run: neither a script nor `-c`.
  ///
  /// - Parameters:
  ///   - name: the kernel's name for the process. A script has its own, independent of its `#!`.
  ///   - arguments: its words, the program first (`-bash` for a login shell); where there are none,
  ///     the name decides.
  package static func isBare(name: String, arguments: [String]) -> Bool {
    guard let first = arguments.first else { return names.contains(name) }
    var shell = basename(first)
    var words = arguments.dropFirst()
    if shell == "busybox" {
      guard let applet = words.popFirst() else { return false }
      shell = applet
      guard name == "busybox" || names.contains(name) else { return false }
    } else {
      guard names.contains(name) || name == "busybox" else { return false }
    }
    return names.contains(shell) && hasNothingToRun(shell, words)
  }

  private static func hasNothingToRun(_ shell: String, _ arguments: ArraySlice<String>) -> Bool {
    var words = arguments
    while let word = words.popFirst() {
      if word == "--" || word == "-" { return words.isEmpty }
      if word.hasPrefix("--") {
        if word.hasPrefix("--command") { return false }
        if optionsWithValue.contains(word) { _ = words.popFirst() }
      } else if word.hasPrefix("-") || word.hasPrefix("+") {
        if word.hasPrefix("-"), word.contains("c") { return false }
        if word.contains("o") || word.contains("O") || (shell == "fish" && word.hasSuffix("C")) {
          _ = words.popFirst()
        }
      } else {
        return false
      }
    }
    return true
  }

  private static func basename(_ program: String) -> String {
    let name = program.split(separator: "/").last.map { String($0) } ?? program
    return name.hasPrefix("-") ? String(name.dropFirst()) : name
  }
}
