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
    commandName: "events", abstract: "Show the town's events as they happen.",
    discussion: """
      Prints one line for each event, until Ctrl-C. A restart of the daemon is shown as an event of its own \
      (stream_interrupted, then stream_started), followed by the events that the new daemon has already recorded. For \
      earlier events, and events while no daemon ran, see the journal: gt daemon logs. Never starts a daemon that is \
      stopped.

      The daemon does not wait for readers. A slow reader loses events; the next event says how many (lost).

        gt events --event crash_detected --event agent_parked
        gt events --agent my-rig/toast
        gt events --json | jq -r 'select(.event == "crash_detected") | .agent'

      Exit status: 0 ended by Ctrl-C, or the reader of its output closed it; 69 no daemon is running, or it does not \
      answer.
      """)

  @Flag(help: "Print one JSON object for each line.")
  var json = false
  @Flag(help: "First show the events that the daemon has recorded and still keeps, at most 512.")
  var recent = false
  @Option(help: "Show only events about one agent: RIG/NAME, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String?
  @Option(help: "Show only events about the agents of one rig.", completion: .rig)
  var rig: String?
  @Option(help: ArgumentHelp("Show only this event, by name; may be repeated.", valueName: "name"), completion: .event)
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
      let book = AddressBook(layout: layout)
      let address = try agent.map { try book.presentOrFormer($0, in: TownOptions.currentRig(layout)) }
      if let rig { try book.rig(rig) }
      try await EventFollower(layout: layout, environment: TownOptions.environment).follow(
        Watch(recent: recent, agent: address, rig: rig, events: event.isEmpty ? nil : event),
        printer: EventPrinter(isJSON: json))
    }
  }
}
