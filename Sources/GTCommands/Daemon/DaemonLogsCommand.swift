// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon
internal import Glibc

/// `gt daemon logs`.
struct DaemonLogsCommand: ParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show the daemon's journal.",
    discussion: """
      The same as: journalctl --user -u gastown-daemon. Options of journalctl's own come after --, as in: \
      gt daemon logs -- -o json
      """)

  @Flag(name: [.short, .long], help: "Go on showing what is new.")
  var follow = false
  @Option(name: [.short, .customLong("lines")], help: "Only the newest entries.")
  var number: Int?
  @Option(help: "Only entries since then, as in '1 hour ago'.")
  var since: String?
  @Argument(parsing: .postTerminator, help: "Passed to journalctl as they are.")
  var arguments: [String] = []
  @OptionGroup var options: TownOptions

  func run() throws {
    // Only to note that somebody uses the town; the journal is there without it, too.
    _ = try? options.open("daemon logs")
    var words = ["journalctl", "--user", "-u", "gastown-daemon"]
    if follow { words.append("-f") }
    if let number { words.append("--lines=\(number)") }
    if let since { words.append("--since=\(since)") }
    words += arguments
    var pointers = words.map { strdup($0) } + [nil]
    execvp("journalctl", &pointers)
    complain("journalctl cannot be run: \(String(cString: strerror(errno)))", program: "gt")
    throw ExitCode(ExitStatus.unavailable)
  }
}
