// SPDX-License-Identifier: Apache-2.0

/// The command line, read as `bd` reads it: options with `=` or a word behind them, in any place.
struct Invocation {
  private static let switches: Set<String> = [
    "--json", "--ephemeral", "--force", "--hard", "--flush-only", "--version", "--flat", "--all", "--help",
  ]
  private static let short = [
    "-d": "--description", "-t": "--type", "-p": "--priority", "-a": "--assignee", "-l": "--labels", "-r": "--reason",
  ]

  var arguments: [String]
  var subcommand = ""
  var words: [String] = []
  /// The values of each option, in the order given; a switch has the value `true`.
  var options: [String: [String]] = [:]
  var complaint: String?

  init(arguments: [String]) {
    self.arguments = arguments
    var rest = arguments[...]
    while let argument = rest.popFirst() {
      guard argument.hasPrefix("-"), argument.count > 1 else {
        if subcommand.isEmpty { subcommand = argument } else { words.append(argument) }
        continue
      }
      let parts = argument.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = Invocation.short[String(parts[0])] ?? String(parts[0])
      if parts.count == 2 {
        options[name, default: []].append(String(parts[1]))
      } else if Invocation.switches.contains(name) {
        options[name] = ["true"]
      } else if !name.hasPrefix("--") {
        complaint = "unknown shorthand flag: '\(name.dropFirst().prefix(1))' in \(name)"
      } else if let value = rest.popFirst() {
        options[name, default: []].append(value)
      } else {
        complaint = "flag needs an argument: \(name)"
      }
    }
  }

  func has(_ option: String) -> Bool { options[option] != nil }
  func value(_ option: String) -> String? { options[option]?.last }

  /// The values of an option that takes a comma-separated list.
  func list(_ option: String) -> [String] {
    (options[option] ?? []).flatMap { $0.split(separator: ",").map(String.init) }
  }
}
