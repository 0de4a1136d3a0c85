// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Commands
import FoundationEssentials
import Glibc
import Processes
import Town
import TownFiles

/// `gt daemon logs`.
struct DaemonLogsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "logs", abstract: "Show the daemon's journal.",
    discussion: """
      Shows the entries of the daemon's unit, selected by a field that journald itself sets (_SYSTEMD_USER_UNIT), and \
      the service manager's entries about the unit. journalctl --user -u gastown-daemon shows more: any of your \
      processes can write entries that claim to be about the unit. Options for journalctl follow --, as in: \
      gt daemon logs -- -o json

        gt daemon logs --crashes --since yesterday     all crashes of last night
        gt daemon logs --agent my-rig/toast            everything about one agent
        gt daemon logs --crashes -- -o json            the same for a tool
      """)

  @Flag(name: [.short, .long], help: "Follow the journal.")
  var follow = false
  @Option(name: [.short, .customLong("lines")], help: "Show only this many of the newest entries.")
  var number: Int?
  @Option(help: "Show only entries since this time, as in '1 hour ago'.")
  var since: String?
  @Flag(help: "Show only agents' crashes.")
  var crashes = false
  @Option(help: "Show only entries about one agent: RIG/NAME, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String?
  @Option(help: "Show only entries about the agents of one rig.", completion: .rig)
  var rig: String?
  @Argument(parsing: .postTerminator, help: "Options that are passed to journalctl.")
  var arguments: [String] = []
  @OptionGroup var options: TownOptions

  func run() async throws { try await failing { try await show() } }

  private func show() async throws {
    // Only to note that somebody uses the town; the journal is there without it, too.
    let town = try? options.open("daemon logs")
    let unit = town?.units.daemon ?? TownUnits().daemon
    var matches: [String] = []
    if crashes { matches.append("GT_EVENT=\(EventKind.crashDetected.rawValue)") }
    if let agent { matches.append("GT_AGENT=\(try address(of: agent, in: town))") }
    if let rig {
      if let town { try AddressBook(layout: town.layout).rig(rig) }
      matches.append("GT_RIG=\(rig)")
    }
    let selection = ["--user"] + Self.matches(of: unit, matches, user: getuid())
    let environment = TownOptions.environment
    guard let journalctl = ExecutableSearch.find("journalctl", path: environment["PATH"] ?? "") else {
      let objection = ExecutableSearch.passedOver("journalctl", path: environment["PATH"] ?? "")
      complain("journalctl cannot be run: \(objection.map { "\($0)" } ?? "it is not on PATH")", program: "gt")
      throw ExitCode(ExitStatus.unavailable)
    }
    var words = ["journalctl"] + selection
    if follow { words.append("-f") }
    // journalctl takes both for the oldest entries since then.
    if let number, let since, let first = await firstOfNewest(number, since: since, selection, journalctl: journalctl) {
      words.append("--cursor=\(first)")
      if follow { words.append("--no-tail") }
    } else {
      if let number { words.append("--lines=\(number)") }
      if let since { words.append("--since=\(since)") }
    }
    words += arguments
    try ProcessReplacement.exec(journalctl, words, environment: environment)
  }

  /// The cursor of the first of the newest entries; `nil` where there are none, or journalctl does not say.
  private func firstOfNewest(_ count: Int, since: String, _ selection: [String], journalctl: String) async -> String? {
    let words =
      selection + ["-q", "--reverse", "--lines=\(count)", "--since=\(since)", "-o", "json", "--output-fields=_PID"]
    let runner = SystemCommandRunner(environment: TownOptions.environment)
    guard let result = try? await runner.run(Command(journalctl, words, deadline: .seconds(30))), result.succeeded,
      let last = result.output.split(separator: "\n").last,
      let entry = try? JSONDecoder().decode(Entry.self, from: Data(last.utf8))
    else { return nil }
    return entry.cursor
  }

  private struct Entry: Decodable {
    var cursor: String

    enum CodingKeys: String, CodingKey { case cursor = "__CURSOR" }
  }

  /// The matches for what a unit's own processes have written and, without further ones, for what the service manager
  /// says of it. Fields that begin with `_` are journald's own: an entry cannot claim them.
  static func matches(of unit: String, _ further: [String], user: UInt32) -> [String] {
    let own = ["_UID=\(user)", "_SYSTEMD_USER_UNIT=\(unit)"]
    guard further.isEmpty else { return own + further }
    return own + ["+", "_UID=\(user)", "_SYSTEMD_USER_UNIT=init.scope", "USER_UNIT=\(unit)"]
  }

  /// The agent as the journal names it. An agent that is no more has entries still.
  private func address(of text: String, in town: OpenTown?) throws -> String {
    guard let town else { return text }
    return try AddressBook(layout: town.layout).presentOrFormer(text, in: TownOptions.currentRig(town.layout))
  }
}
