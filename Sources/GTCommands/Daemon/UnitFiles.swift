// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

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
  /// Whether it has the plain units or instances of the templates.
  var names = TownUnits()

  /// The shipped units, by file name.
  static let shipped: [(name: String, text: String)] = [
    ("app-gastown-agents.slice", text(PackageResources.app_gastown_agents_slice)),
    ("app-gastown-control.slice", text(PackageResources.app_gastown_control_slice)),
    ("gastown-check.service", text(PackageResources.gastown_check_service)),
    ("gastown-check.timer", text(PackageResources.gastown_check_timer)),
    ("gastown-daemon.service", text(PackageResources.gastown_daemon_service)),
    ("gastown-daemon.socket", text(PackageResources.gastown_daemon_socket)),
    ("gastown-tmux.service", text(PackageResources.gastown_tmux_service)),
  ]

  /// The shipped templates for further towns, by file name.
  static let templates: [(name: String, text: String)] = [
    ("gastown-check@.service", text(PackageResources.gastown_check__service)),
    ("gastown-check@.timer", text(PackageResources.gastown_check__timer)),
    ("gastown-daemon@.service", text(PackageResources.gastown_daemon__service)),
    ("gastown-daemon@.socket", text(PackageResources.gastown_daemon__socket)),
    ("gastown-tmux@.service", text(PackageResources.gastown_tmux__service)),
  ]

  /// The limits of all agents together, and of what looks after them, of whichever town.
  static let slices = ["app-gastown-agents.slice", "app-gastown-control.slice"]

  private static func text(_ bytes: [UInt8]) -> String { String(decoding: bytes, as: UTF8.self) }

  /// The files for this town, by their paths in the directory of units: the shipped units with our paths in
  /// the places that are made for them, or the templates with ours of the programs, and what this town alone
  /// needs beside them.
  var rendered: [(name: String, text: String)] {
    guard names.instance != nil else { return Self.shipped.map { ($0.name, render($0.text)) } }
    let shared = Self.shipped.filter { Self.slices.contains($0.name) } + Self.templates
    return shared.map { ($0.name, renderPrograms($0.text)) } + Self.dropIns(names).map { ($0, dropIn) }
  }

  /// What an instance has beside the templates.
  private static func dropIns(_ names: TownUnits) -> [String] {
    [names.check, names.daemon, names.tmux].map { "\($0).d/10-town.conf" }
  }

  /// The files that a town needs.
  static func files(of names: TownUnits) -> [String] {
    names.instance == nil ? shipped.map(\.name) : slices + templates.map(\.name) + dropIns(names)
  }

  /// The files of a town that no other town uses.
  static func own(_ names: TownUnits) -> [String] {
    names.instance == nil ? shipped.map(\.name).filter { !slices.contains($0) } : dropIns(names)
  }

  /// The file in which the town's own `PATH` stands.
  static func pathHolder(_ names: TownUnits) -> String {
    names.instance == nil ? names.daemon : "\(names.daemon).d/10-town.conf"
  }

  /// The units of a town as the manager knows them.
  static func loaded(_ names: TownUnits) -> [String] {
    slices + [names.check, names.timer, names.daemon, names.socket, names.tmux]
  }

  /// The unit that the manager makes of a file.
  static func unit(ofFile name: String, _ names: TownUnits) -> String {
    guard let instance = names.instance else { return name }
    return name.replacing("@.", with: "@\(instance).")
  }

  private var dropIn: String {
    "# Written by gt daemon install for the town \(displayable(town)).\n[Service]\n\(environment)\n"
  }

  /// What the person's environment gives to the daemon and to the agents.
  private var environment: String {
    let lines = ["PATH=\(path)"] + (tmuxDirectory.map { $0.isEmpty ? [] : ["TMUX_TMPDIR=\($0)"] } ?? [])
    return lines.map { "Environment=" + Self.quoted($0, isCommand: false) }.joined(separator: "\n")
  }

  /// The units and templates as a package has them, with its own place of the daemon. The plain ones are for the town
  /// `~/gt` of the user who enables them.
  ///
  /// - Parameter daemon: the absolute path of the daemon's executable.
  static func packaged(daemon: String) -> [(name: String, text: String)] {
    let program = "/usr/bin/gastown-daemon"
    return (shipped + templates).map { name, text in
      let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
        for key in ["ExecStart=", "ExecStart=:", "ExecReload=", "ExecReload=:"]
        where line.hasPrefix(key + program + " ") {
          return key + daemon + line.dropFirst(key.count + program.count)
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
      return "systemd accepts no program with a quote, a backslash or a line break in its path: \(program). "
        + "Install it elsewhere, for example in ~/.local/bin, and run that gt"
    }
    if let path = names.socketThatIsTooLong(environment: TownOptions.environment) {
      return "the socket \(path) would have \(path.utf8.count) bytes, and the kernel allows "
        + "\(TownUnits.longestSocketPath). Move the town to a shorter path (each character other than letters, digits, "
        + "':', '_' or '.' counts four times), or give it the plain units: run gt daemon uninstall for the town that "
        + "has them, then this again"
    }
    return nil
  }

  private func renderPrograms(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line -> String in
      for (program, replacement) in [("/usr/bin/gastown-daemon", daemon), ("/usr/bin/tmux", tmux)] {
        for key in ["ExecStart=:", "ExecReload=:", "ExecStop=-:"] where line.hasPrefix(key + program + " ") {
          return key + Self.quoted(replacement, isCommand: false) + line.dropFirst(key.count + program.count)
        }
      }
      return String(line)
    }.joined(separator: "\n")
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
      if line.hasPrefix("Environment=PATH=") { return environment }
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
