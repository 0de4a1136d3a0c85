// SPDX-License-Identifier: Apache-2.0

/// A command in the output of `--experimental-dump-help`, with the fields that a manual page needs.
struct CommandHelp: Decodable {
  var commandName: String
  var abstract: String?
  var discussion: String?
  var shouldDisplay: Bool?
  var arguments: [ArgumentHelp]?
  var subcommands: [CommandHelp]?

  /// The visible subcommands.
  var visibleCommands: [CommandHelp] {
    (subcommands ?? []).filter { $0.shouldDisplay != false && $0.commandName != "help" }
  }

  /// The arguments of its own: every command has `--help` and `--version`, which the page tells once.
  var ownArguments: [ArgumentHelp] {
    (arguments ?? []).filter { $0.shouldDisplay != false && $0.valueName != "help" && $0.valueName != "version" }
  }
}

/// A flag, an option or a positional argument.
struct ArgumentHelp: Decodable {
  enum Kind: String, Decodable { case positional, option, flag }

  struct Name: Decodable {
    var kind: String
    var name: String

    var written: String { (kind == "long" ? "--" : "-") + name }
  }

  var kind: Kind
  var names: [Name]?
  var preferredName: Name?
  var valueName: String?
  var abstract: String?
  var defaultValue: String?
  var allValues: [String]?
  var isOptional: Bool
  var isRepeating: Bool
  var shouldDisplay: Bool?

  var value: String { valueName ?? "value" }
  /// Before the words that are passed on as they are.
  var isAfterTerminator: Bool { parsingStrategy == "postTerminator" }

  private var parsingStrategy: String?
}

/// The whole answer.
struct ToolHelp: Decodable {
  var command: CommandHelp
}
