// SPDX-License-Identifier: Apache-2.0

/// The units as they are shipped, and as they are installed for one town.
struct UnitFiles: Sendable {
  /// The absolute path of the daemon's executable.
  var daemon: String
  /// The absolute path of tmux.
  var tmux: String
  /// The canonical path of the town.
  var town: String
  /// The `PATH` of the daemon and of the agents.
  var path: String
  /// The directory of the person's own tmux sockets, where that is not the usual one: the daemon must look
  /// where the person's shell does.
  var tmuxDirectory: String?

  /// The shipped units, by file name.
  static let shipped: [(name: String, text: String)] = [
    ("app-gastown-agents.slice", text(PackageResources.app_gastown_agents_slice)),
    ("gastown-check.service", text(PackageResources.gastown_check_service)),
    ("gastown-check.timer", text(PackageResources.gastown_check_timer)),
    ("gastown-daemon.service", text(PackageResources.gastown_daemon_service)),
    ("gastown-daemon.socket", text(PackageResources.gastown_daemon_socket)),
    ("gastown-tmux.service", text(PackageResources.gastown_tmux_service)),
  ]

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The units for this town: the shipped ones with our paths in the places that are made for them.
  var rendered: [(name: String, text: String)] { Self.shipped.map { ($0.name, render($0.text)) } }

  /// The units as a package has them, with its own place of the daemon: for the town `~/gt` of whoever enables them.
  ///
  /// - Parameter daemon: the absolute path of the daemon's executable.
  static func packaged(daemon: String) -> [(name: String, text: String)] {
    shipped.map { name, text in
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
        for key in ["ExecStart=", "ExecReload="] where line.hasPrefix(key + "/usr/bin/gastown-daemon ") {
          return key + daemon + line.dropFirst((key + "/usr/bin/gastown-daemon").count)
        }
        return String(line)
      }
      return (name, lines.joined(separator: "\n"))
    }
  }

  /// Where packages put units, the administrator's own first.
  static let packageDirectories = ["/usr/local/lib/systemd/user", "/usr/lib/systemd/user"]

  /// What no unit can hold; `nil` where all can be written.
  var defect: String? {
    for program in [daemon, tmux] where program.contains(where: { "\"'\\".contains($0) || $0.isNewline }) {
      return "systemd takes no program whose path has a quote, a backslash or a line break in it: \(program). "
        + "Install it elsewhere, such as in ~/.local/bin, and run that gt"
    }
    return nil
  }

  private func render(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      for (key, program, replacement) in [
        ("ExecStart=", "/usr/bin/gastown-daemon", daemon), ("ExecReload=", "/usr/bin/gastown-daemon", daemon),
        ("ExecStart=", "/usr/bin/tmux", tmux), ("ExecStop=-", "/usr/bin/tmux", tmux),
      ] where line.hasPrefix(key + program + " ") {
        var rest = String(line.dropFirst(key.count + program.count))
        if rest.hasSuffix("--town %h/gt") { rest = rest.dropLast("%h/gt".count) + Self.quoted(town) }
        // Variables are not looked for in a program's own path.
        return key + Self.quoted(replacement, isCommand: false) + rest
      }
      if line.hasPrefix("Environment=PATH=") {
        let lines = ["PATH=\(path)"] + (tmuxDirectory.map { $0.isEmpty ? [] : ["TMUX_TMPDIR=\($0)"] } ?? [])
        return lines.map { "Environment=" + Self.quoted($0, isCommand: false) }.joined(separator: "\n")
      }
      return String(line)
    }.joined(separator: "\n")
  }

  /// One word of a unit file: specifiers and, in a command's arguments, variables taken literally.
  static func quoted(_ word: String, isCommand: Bool = true) -> String {
    var result = ""
    for character in word.unicodeScalars {
      switch character {
      case "%": result += "%%"
      case "$" where isCommand: result += "$$"
      case "\\": result += "\\\\"
      case "\"": result += "\\\""
      // A line break would begin a setting of its own.
      case _ where character.value < 0x20 || character.value == 0x7F:
        let digits = String(character.value, radix: 16)
        result += "\\x" + (digits.count == 1 ? "0" : "") + digits
      default: result.unicodeScalars.append(character)
      }
    }
    let isPlain = word.allSatisfy { $0.isASCII && ($0.isLetter || $0.isNumber || "/._-=:%+,@~".contains($0)) }
    return isPlain ? result : "\"\(result)\""
  }
}
