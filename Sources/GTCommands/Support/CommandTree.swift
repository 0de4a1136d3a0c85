// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import Town

/// The names of commands, as a person may type them.
package struct CommandTree: Sendable, Hashable {
  /// The commands below each noun; empty for a noun that is a command itself.
  private let verbs: [String: Set<String>]

  package init(verbs: [String: Set<String>]) { self.verbs = verbs }

  package init(_ root: any ParsableCommand.Type) {
    var verbs: [String: Set<String>] = [:]
    for noun in root.configuration.subcommands {
      let below = Set(noun.configuration.subcommands.flatMap(Self.names))
      for name in Self.names(of: noun) { verbs[name] = below }
    }
    self.verbs = verbs
  }

  private static func names(of command: any ParsableCommand.Type) -> [String] {
    (command.configuration.commandName.map { [$0] } ?? []) + command.configuration.aliases
  }

  /// Whether these words are for this `gt`: a command of ours, help, or flags. Everything else is for
  /// the tool whose name this program bears, too.
  package func owns(_ arguments: some Collection<String>) -> Bool {
    func isOurs(_ word: String?) -> Bool { word == nil || word == "help" || word?.hasPrefix("-") == true }
    var words = arguments.makeIterator()
    let noun = words.next()
    if isOurs(noun) { return true }
    guard let noun, let below = verbs[noun] else { return false }
    if below.isEmpty { return true }
    let verb = words.next()
    return isOurs(verb) || verb.map(below.contains) == true
  }

  /// The command of ours that was meant by words which name none; `nil` where none is near.
  package func nearest(to words: some Collection<String>) -> String? {
    let typed = words.prefix(2).joined(separator: " ")
    let commands = verbs.flatMap { noun, below in below.isEmpty ? [noun] : below.map { "\(noun) \($0)" } }
    let near = commands.map { (command: $0, changes: editDistance(typed, $0)) }.min {
      ($0.changes, $0.command) < ($1.changes, $1.command)
    }
    // Two letters that have changed places are two changes.
    return near.flatMap { $0.changes <= min(2, max(1, $0.command.utf8.count / 3)) ? $0.command : nil }
  }
}
