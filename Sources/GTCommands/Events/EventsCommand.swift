// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import CommandSupport
import Glibc
import Town
import TownFiles

/// `gt events`.
struct EventsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "events", abstract: "Show what happens in the town, as it happens.",
    discussion: """
      One line for each event, until Ctrl-C. It goes on over a restart of the daemon, with a line of its own \
      (stream_interrupted, then stream_started), and shows what the next daemon has seen before it was asked. What \
      has happened before, and while no daemon ran, is in the journal: gt daemon logs. It never wakes a daemon that \
      is stopped.

      Who reads slowly loses events, and is told how many (lost): the daemon waits for nobody.

        gt events --event crash_detected --event agent_parked
        gt events --agent my-rig/toast
        gt events --json | jq -r 'select(.event == "crash_detected") | .agent'

      Exit status: 0 ended by Ctrl-C, or by whoever read its output; 69 no daemon runs, or it does not answer.
      """)

  @Flag(help: "Print one JSON object a line.")
  var json = false
  @Flag(help: "First show the events that the daemon has seen and still knows, 512 at most.")
  var recent = false
  @Option(help: "Only what concerns one agent: RIG/NAME, RIG/witness, deacon, mayor.")
  var agent: String?
  @Option(help: "Only what concerns the agents of one rig.")
  var rig: String?
  @Option(help: ArgumentHelp("Only this event, by name; may be given more than once.", valueName: "name"))
  var event: [String] = []
  @OptionGroup var options: TownOptions

  func validate() throws {
    for name in event where EventKind(rawValue: name) == nil {
      let names = EventKind.allCases.map(\.rawValue).sorted().joined(separator: " ")
      throw ValidationError("there is no event '\(displayable(name))'; there are: \(names)")
    }
  }

  func run() async throws {
    EventPrinter.endQuietly()
    try await failing {
      let layout = try options.layout(using: "events")
      let address = try agent.map { try Self.address(of: $0, layout: layout) }
      try await EventFollower(layout: layout, environment: TownOptions.environment).follow(
        Watch(recent: recent, agent: address, rig: rig, events: event.isEmpty ? nil : event),
        printer: EventPrinter(isJSON: json))
    }
  }

  /// The agent as events name it; one that is no more by its full address.
  private static func address(of text: String, layout: TownLayout) throws -> String {
    do {
      return try AddressBook(layout: layout).agent(text, in: TownOptions.currentRig(layout)).address
    } catch  where text.contains("/") {
      return text
    }
  }
}
