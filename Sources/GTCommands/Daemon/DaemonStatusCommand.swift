// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Control
import CommandSupport
import Town
import TownFiles

/// `gt daemon status`.
struct DaemonStatusCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "status", abstract: "Show the state of the daemon. Never starts one that is stopped.",
    discussion: "Exit status: 0 the daemon is running; 3 it is not; 69 it is running and does not answer.")

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("daemon status")
      let stranger = TownLock.holder(layout: town.layout).flatMap { $0.isOurs ? nil : $0 }
      guard stranger == nil,
        let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment)
      else {
        let last = try? TownRecords(layout: town.layout).state()
        if json {
          try printJSON(
            Status.Reply(
              running: false, town: town.layout.root, lastHeartbeat: last?.lastHeartbeat?.description,
              heartbeatCount: last?.heartbeatCount ?? 0))
        } else {
          print("The daemon does not run for \(town.layout.root).")
          if let beat = last?.lastHeartbeat { print("Its last heartbeat was at \(beat).") }
          if let stranger {
            print("It cannot start: \(town.layout.lock): \(displayable(stranger.refusal))")
          } else {
            print("To start it: \(DaemonAdvice.start(town.layout, town.environment))")
          }
        }
        throw ExitCode(ExitStatus.notRunning)
      }
      let status = try await client.ask(Status(), in: town.layout, deadline: .seconds(10))
      if json { return try printJSON(status) }
      print("The daemon runs for \(status.town) (pid \(status.pid.map { "\($0)" } ?? "unknown")).")
      if let started = status.startedAt { print("  started         \(started)") }
      print("  heartbeats      \(status.heartbeatCount)" + (status.lastHeartbeat.map { ", the last at \($0)" } ?? ""))
      if let next = status.nextHeartbeat { print("  next heartbeat  \(next) at the latest") }
      let agents = status.agents.sorted { $0.key < $1.key }
        .map { "\($0.value) \(displayable($0.key).split(separator: "_").joined(separator: " "))" }
      print("  agents          \(agents.joined(separator: ", "))")
      if let ledger = try? TownRecords(layout: town.layout).ledger(),
        let rigs = try? RigRegistry(layout: town.layout).rigs()
      {
        for (agent, parking) in ledger.parked(Roster(rigs: rigs.map(\.name))) {
          print(
            "  parked          \(agent.address): \(displayable(parking.words)); see: gt session crashes \(agent.address)"
          )
        }
      }
      for line in HoldPlace.overview(town.layout) { print("  held            \(line)") }
      for trouble in status.troubles { print("  trouble         \(displayable(trouble))") }
    }
  }
}
