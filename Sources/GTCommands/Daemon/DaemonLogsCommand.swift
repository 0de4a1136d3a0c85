// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon
internal import Glibc
internal import Town
internal import TownFiles

/// `gt daemon logs`.
struct DaemonLogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show the daemon's journal.",
    discussion: """
      The same as: journalctl --user -u gastown-daemon, or the unit of your town. Options of journalctl's own come after --, as in: \
      gt daemon logs -- -o json

        gt daemon logs --crashes --since yesterday     all crashes of last night
        gt daemon logs --agent my-rig/toast            everything about one agent
        gt daemon logs --crashes -- -o json            the same for a tool
      """)

  @Flag(name: [.short, .long], help: "Go on showing what is new.")
  var follow = false
  @Option(name: [.short, .customLong("lines")], help: "Only the newest entries.")
  var number: Int?
  @Option(help: "Only entries since then, as in '1 hour ago'.")
  var since: String?
  @Flag(help: "Only agents' crashes.")
  var crashes = false
  @Option(help: "Only what concerns one agent: RIG/NAME, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String?
  @Option(help: "Only what concerns the agents of one rig.", completion: .rig)
  var rig: String?
  @Argument(parsing: .postTerminator, help: "Passed to journalctl as they are.")
  var arguments: [String] = []
  @OptionGroup var options: TownOptions

  func run() async throws { try await failing { try show() } }

  private func show() throws {
    // Only to note that somebody uses the town; the journal is there without it, too.
    let town = try? options.open("daemon logs")
    var words = ["journalctl", "--user", "-u", (town?.units ?? TownUnits()).shortName]
    if crashes { words.append("GT_EVENT=\(EventKind.crashDetected.rawValue)") }
    if let agent { words.append("GT_AGENT=\(try address(of: agent, in: town))") }
    if let rig { words.append("GT_RIG=\(rig)") }
    if follow { words.append("-f") }
    if let number { words.append("--lines=\(number)") }
    if let since { words.append("--since=\(since)") }
    words += arguments
    var pointers = words.map { strdup($0) } + [nil]
    execvp("journalctl", &pointers)
    complain("journalctl cannot be run: \(String(cString: strerror(errno)))", program: "gt")
    throw ExitCode(ExitStatus.unavailable)
  }

  /// The agent as the journal names it. An agent that is no more has entries still, under its full address.
  private func address(of text: String, in town: OpenTown?) throws -> String {
    guard let town else { return text }
    do {
      return try AddressBook(layout: town.layout).agent(text, in: TownOptions.currentRig(town.layout)).address
    } catch  where text.contains("/") {
      return text
    }
  }
}
