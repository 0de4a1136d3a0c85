// SPDX-License-Identifier: Apache-2.0

/// Programs that serve more than who has started them: the first agent that needs one starts it, and the others go on
/// with it. Such a server is never ended because its starter has died.
package enum SharedServers {
  /// Whether a process is one, by the words with which it was started.
  package static func has(_ arguments: [String]) -> Bool {
    // An interpreter's first word that is no option is the program: `node /usr/bin/codex app-server`.
    var words = arguments[...]
    guard let first = words.first.map(name) else { return false }
    if interpreters.contains(first.filter { !$0.isNumber && $0 != "." }) {
      words = words.dropFirst().drop { $0.hasPrefix("-") }
    }
    guard let program = words.first.map(name) else { return false }
    if alone.contains(program) || prefixes.contains(where: program.hasPrefix) { return true }
    guard let verbs = servers[program] else { return false }
    let rest = words.dropFirst()
    return verbs.contains { verb in
      let parts = verb.split(separator: " ").map(String.init)
      return rest.indices.contains { rest[$0...].starts(with: parts) }
    }
  }

  /// The last part of a program's path. Servers that name themselves have a colon or a blank behind their name.
  private static func name(_ word: String) -> String {
    let path = word.prefix { $0 != " " }
    return String((path.split(separator: "/").last ?? path[...]).prefix { $0 != ":" }.drop { $0 == "-" })
  }

  private static let interpreters: Set = [
    "node", "nodejs", "bun", "deno", "python", "sh", "bash", "dash", "ruby", "perl",
  ]

  /// Those that are nothing else.
  private static let alone: Set = [
    "adb-server", "bd-daemon", "buildkitd", "conmon", "containerd", "dbus-broker", "dbus-broker-launch", "dbus-daemon",
    "dirmngr", "dockerd", "git-credential-cache--daemon", "gnome-keyring-daemon", "gpg-agent", "keyboxd", "kwalletd",
    "scdaemon", "ssh-agent", "systemd", "watchman",
  ]

  private static let prefixes = ["sccache-server"]

  /// Programs that are servers with one of these words.
  private static let servers: [String: [String]] = [
    "adb": ["fork-server", "server"],
    "bd": ["daemon"],
    "beads": ["daemon"],
    "claude": ["daemon run"],
    "codex": ["app-server"],
    "dolt": ["sql-server"],
    "emacs": ["--daemon", "--fg-daemon"],
    "git": ["credential-cache--daemon", "fsmonitor--daemon"],
  ]
}
