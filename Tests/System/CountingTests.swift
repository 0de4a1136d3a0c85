// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

// One after the other: two hundred agents are work enough for a small machine.
@Suite("A heartbeat's cost does not grow with the town", .requiresSystemd, .serialized)
struct CountingTests {
  @Test(arguments: [50, 200]) func `at most four processes with the embedded store`(_ count: Int) async throws {
    try await measure(count, usesBd: false)
  }

  @Test(arguments: [50, 200]) func `at most four processes with bd`(_ count: Int) async throws {
    try await measure(count, usesBd: true)
  }

  private func measure(_ count: Int, usesBd: Bool) async throws {
    // Light agents: they show a prompt, and take what they are told.
    let plan = TownUser.Plan(
      polecats: (1...count).map { "rig1/p\($0)" }, settings: #""restart": {"stagger": "5ms", "per_minute": 1000}"#,
      agent: "~/bin/light",
      usesBd: usesBd,
      prepare: #"printf '#!/bin/sh\nwhile printf "> "; read -r line; do :; done\n' >bin/light; chmod +x bin/light"#,
      isStarted: false)
    try await withTown(plan) { town in
      try await town.start()
      let before = try await eventually("everybody is up", within: .seconds(120), every: .milliseconds(500)) {
        let agents = try await town.agents()
        return agents.count == count + 2 ? agents : nil
      }
      // The beat is that of a healthy town: nobody waits to be told anything.
      try await eventually("nobody waits to begin", within: .seconds(120), every: .milliseconds(500)) {
        let pending = town.text("gt/spawn/pending.json") ?? "[]"
        return pending.filter { !$0.isWhitespace } == "[]"
      }
      try await town.countProcesses()
      try await town.systemctl("restart", "gastown-daemon")
      // The first may share its reading with that of the start.
      for _ in 1...2 { try await town.beat() }
      // What a daemon starts is counted: it cannot begin without having looked for bd or tmux.
      #expect(town.text("processes")?.isEmpty == false)
      try await town.shell(": >processes; rm -f gt/.beads/stand-in-calls.log")

      let took = try await ContinuousClock().measure { try await town.beat() }
      let started = (town.text("processes") ?? "").split(separator: "\n").map(String.init)
      #expect(started.count <= 4, "\(started)")
      if usesBd {
        let calls = (town.text("gt/.beads/stand-in-calls.log") ?? "").split(separator: "\n")
        #expect((2...3).contains(calls.count), "\(calls)")
      }
      #expect(took < .seconds(5))
      #expect(try await town.agents() == before)
      print(
        "a beat over \(count) polecats, \(usesBd ? "bd" : "embedded store"): \(started.count) processes, \(took) with gt"
      )
    }
  }
}

extension TownUser {
  /// From now on whatever is started by one of these names, by the daemon's PATH, is written down.
  fileprivate func countProcesses() async throws {
    try await shell(
      #"""
      for name in tmux bd git systemctl; do
        real=$(readlink -f "$(command -v $name)") || continue
        rm -f .local/bin/$name
        printf '#!/bin/bash\nread -r parent </proc/$PPID/comm\n[ "$parent" != gastown-daemon ] || echo "%s $*" >>%s/processes\nexec %s "$@"\n' \
          $name "$HOME" "$real" >.local/bin/$name
        chmod +x .local/bin/$name
      done
      : >processes
      """#)
  }
}
