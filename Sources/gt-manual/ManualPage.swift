// SPDX-License-Identifier: Apache-2.0

/// The part of a manual page that follows from the commands: a section for each, with all of its options.
struct ManualPage {
  let root: CommandHelp

  /// The lines that take the place of ``marker``.
  var lines: [String] {
    root.visibleCommands.flatMap { noun in
      noun.visibleCommands.isEmpty
        ? section(noun, below: [root.commandName])
        : noun.visibleCommands.flatMap { section($0, below: [root.commandName, noun.commandName]) }
    }
  }

  /// The line of a page in whose place the commands are put.
  static let marker = #".\" COMMANDS"#

  private func section(_ command: CommandHelp, below parents: [String]) -> [String] {
    let name = (parents + [command.commandName]).joined(separator: " ")
    var lines = [".SS \(Roff.literal(name))", ".nh", ".B \(Roff.literal(name))"]
    lines += command.ownArguments.map(synopsis) + [".hy"]
    if let abstract = command.abstract, !abstract.isEmpty { lines += [".PP"] + Roff.filled(abstract) }
    lines += paragraphs(command.discussion ?? "")
    // The page tells of these once, for all.
    for argument in command.ownArguments where !["town", "json"].contains(argument.preferredName?.name) {
      lines += entry(argument)
    }
    return lines
  }

  private func synopsis(_ argument: ArgumentHelp) -> String {
    let value = Roff.literal(argument.value)
    let (open, close) = argument.isOptional || argument.defaultValue != nil ? ("[", "]") : ("", "")
    let more = argument.isRepeating ? " \\&..." : ""
    switch argument.kind {
    case .positional:
      let words = argument.isAfterTerminator ? "\\fB\\-\\-\\fR \\fI\(value)\\fR" : "\\fI\(value)\\fR"
      return Roff.line("\(open)\(words)\(close)\(more)")
    case .flag:
      return "\(open)\\fB\(Roff.literal(argument.preferredName?.written ?? ""))\\fR\(close)\(more)"
    case .option:
      return "\(open)\\fB\(Roff.literal(argument.preferredName?.written ?? ""))\\fR \\fI\(value)\\fR\(close)\(more)"
    }
  }

  private func entry(_ argument: ArgumentHelp) -> [String] {
    let value = Roff.literal(argument.value)
    let names = (argument.names ?? []).map { "\\fB\(Roff.literal($0.written))\\fR" }.joined(separator: ", ")
    let heading =
      switch argument.kind {
      case .positional: "\\fI\(value)\\fR"
      case .flag: names
      case .option: "\(names) \\fI\(value)\\fR"
      }
    var text = argument.abstract ?? ""
    if let values = argument.allValues, !values.isEmpty { text += " One of: \(values.joined(separator: ", "))." }
    if let value = argument.defaultValue { text += " The default is \(value)." }
    return [".TP", heading] + Roff.filled(text)
  }

  /// Paragraphs are parted by empty lines; lines that are set in are examples.
  private func paragraphs(_ text: String) -> [String] {
    var lines: [String] = []
    var isExample = false
    var isFresh = true
    for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
      if line.isEmpty {
        isFresh = true
        continue
      }
      let isIndented = line.hasPrefix("  ")
      if isExample, isFresh || !isIndented { lines.append(".EE") }
      if isFresh || isExample != isIndented { lines.append(".PP") }
      if isIndented, isFresh || !isExample { lines.append(".EX") }
      lines += isIndented ? [Roff.line(Roff.literal(String(line)))] : Roff.filled(String(line))
      (isExample, isFresh) = (isIndented, false)
    }
    return lines + (isExample ? [".EE"] : [])
  }
}
