// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control

/// `gt daemon lifecycle`.
struct DaemonLifecycleCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "lifecycle", abstract: "Have the daemon carry out the lifecycle requests in the Deacon's mail now.",
    discussion: """
      To request its own end, an agent sends mail to the Deacon, with a subject that begins with LIFECYCLE: and a body \
      of cycle, restart, shutdown or stop. It also sets the key requesting_cycle, requesting_restart or \
      requesting_shutdown in its state.json. Returns when the requests are carried out and recorded. Starts the daemon \
      if its socket is active.
      """)

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon lifecycle")
      let reply = try await town.askDaemon(Lifecycle())
      if json { return try printJSON(reply) }
      print("\(reply.executed) carried out, \(reply.refused) refused; \(reply.summary)")
      if reply.refused > 0 {
        print("To see which, and why: gt daemon logs --since '10 minutes ago'")
      }
    }
  }
}
