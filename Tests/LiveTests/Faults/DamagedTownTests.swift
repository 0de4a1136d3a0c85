// SPDX-License-Identifier: Apache-2.0

import Glibc
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// A whole town whose files are damaged one after the other, and then all at once, while it is supervised. What reading
/// each of them comes to is in `DamageTests`.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct DamagedTownTests {
  private let toast = LiveTownFixture.toast
  private let nux = AgentIdentity.polecat(rig: LiveTownFixture.rig, name: "nux")
  private let held = AgentIdentity.polecat(rig: LiveTownFixture.rig, name: "held")
  private let witness = AgentIdentity.witness(rig: LiveTownFixture.rig)
  private var everybody: [AgentIdentity] { [toast, nux, witness, .deacon] }

  private struct File {
    var path: String
    /// Whether nothing can be done while it is so, so that it has to be said.
    var isNeeded: (Damage) -> Bool = { _ in false }
    /// Whether the daemon writes it, so that its own file comes back by itself.
    var isDaemons = false
    var isDirectory = false
  }

  private var files: [File] {
    [
      File(path: "mayor/rigs.json", isNeeded: { _ in true }),
      File(path: "rig/polecats", isNeeded: { _ in true }, isDirectory: true),
      File(path: "rig/polecats/toast/state.json"),
      File(path: "daemon/holds/\(held.session)"),
      File(path: "daemon/holds", isDirectory: true),
      File(path: "daemon/beads.sqlite", isNeeded: { _ in true }),
      File(path: "daemon/restarts.json", isDaemons: true),
      File(path: "spawn/pending.json", isDaemons: true),
      File(path: "daemon/state.json", isDaemons: true),
      File(path: "daemon/activity.json"),
      File(path: "daemon/history", isDaemons: true, isDirectory: true),
      File(path: "daemon/crashes", isDaemons: true, isDirectory: true),
    ]
  }

  private static let suffixes = ["", "-wal", "-shm"]

  private func strike(_ damage: Damage, _ file: File, in town: LiveTownFixture) -> Bool {
    if file.isDirectory, damage == .directory { return false }
    let path = town.layout.path(file.path)
    // The true file keeps its number, by which the bead store knows it, and what belongs to it goes along.
    for suffix in Self.suffixes { rename(path + suffix, "\(path).aside" + suffix) }
    if damage == .half, !file.isDirectory, let bytes = try? Disk.read("\(path).aside") {
      try? Disk.write(bytes, to: path)
    }
    damage.strike(path)
    return true
  }

  private func mend(_ file: File, in town: LiveTownFixture) {
    let path = town.layout.path(file.path)
    var status = stat()
    if lstat(path, &status) == 0 {
      if status.st_mode & S_IFMT == S_IFDIR {
        unlink("\(path)/mine")
        rmdir(path)
      } else if !file.isDaemons || file.isDirectory {
        unlink(path)
      }
    }
    if file.isDaemons, !file.isDirectory {
      unlink("\(path).aside")
    } else {
      for suffix in Self.suffixes { rename("\(path).aside" + suffix, path + suffix) }
    }
  }

  @Test(arguments: Damage.allCases)
  func `no damage to any file costs an agent anything, and what died is found after it`(
    _ damage: Damage
  ) async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux", "held")
      try Holds(layout: town.layout).set(Hold(kind: .hold, who: "ada", when: nil, why: nil), on: held)
      try Disk.write(Array("{}".utf8), to: town.layout.path(toast.stateFile))
      try TownRecords(layout: town.layout).write(Activity(lastCommand: "gt", timestamp: town.world.now()))
      try await town.supervised { supervisor, journal in
        try await town.settled(supervisor, everybody)
        let before = Dictionary(uniqueKeysWithValues: everybody.map { ($0, town.running($0)) })
        func expectNobodyTouched(_ name: String) {
          for agent in everybody {
            #expect(town.running(agent) == before[agent] && town.starts(of: agent) == 1, "\(agent.address): \(name)")
          }
          #expect(town.starts(of: held) == 0, "\(name)")
          #expect(journal.count("crash_detected") == 0, "\(name)")
        }
        for file in files where strike(damage, file, in: town) {
          await supervisor.beat()
          expectNobodyTouched(file.path)
          #expect(await supervisor.health().isWell)
          let troubles = await supervisor.status().troubles
          #expect(!troubles.isEmpty || !file.isNeeded(damage), "\(file.path)")
          mend(file, in: town)
          await supervisor.beat()
          expectNobodyTouched("\(file.path), mended")
          #expect(await supervisor.status().troubles == [], "\(file.path), mended")
        }

        // All at once, and an agent dies.
        let pid = try #require(before[toast]?.first)
        let struck = files.filter { $0.path != "daemon/holds/\(held.session)" && $0.path.hasPrefix("rig/") == false }
          .filter { strike(damage, $0, in: town) }
        kill(pid, SIGKILL)
        for _ in 0..<2 { await supervisor.beat() }
        #expect(await supervisor.health().isWell)
        for agent in everybody where agent != toast { #expect(town.running(agent) == before[agent]) }
        for file in struck { mend(file, in: town) }
        try await eventually("its restart") {
          await supervisor.beat()
          return journal.count("agent_restarted", toast) == 1 && town.running(toast).count == 1
            && town.starts() == 2
        }
        #expect(journal.count("crash_detected") == 1)
        #expect(town.starts(of: held) == 0)
        for agent in everybody where agent != toast {
          #expect(town.running(agent) == before[agent] && town.starts(of: agent) == 1)
        }
        #expect(await supervisor.status().troubles == [])
        try await eventually("its first words") { journal.count("agent_ready", toast) == 2 }
        // What it remembers is whole again, whatever was there.
        await supervisor.beat()
        #expect(try TownRecords(layout: town.layout).ledger().agents[toast.session]?.life != nil)
        #expect(try TownRecords(layout: town.layout).pendingSpawns() == [])
      }
    }
  }

  @Test func `where nothing can be written down nobody is started, which is said, and everything is made up for`()
    async throws
  {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      try await town.addPolecats("toast", "nux")
      try await town.supervised { supervisor, journal in
        try await town.settled(supervisor, everybody)
        let before = Dictionary(uniqueKeysWithValues: everybody.map { ($0, town.running($0)) })
        // A file cannot take the place of a directory.
        rename(town.layout.ledger, town.directory("ledger"))
        try Disk.makeDirectory("\(town.layout.ledger)/mine")
        kill(try #require(before[toast]?.first), SIGKILL)
        try await eventually("its death") { journal.count("crash_detected", toast) == 1 }
        for _ in 0..<3 { await supervisor.beat() }
        #expect(town.starts() == 1 && journal.count("restart_failed") == 0)
        let finding = await supervisor.finding(of: toast)
        #expect(finding?.decision == .wait && finding?.reason.contains("cannot be written down") == true)
        let status = await supervisor.status()
        #expect(status.troubles.contains { $0.contains("restarts.json") } && status.line.contains("held back"))
        #expect(journal.errors.count { $0.contains("could not be written down") } == 1)
        for verb in [PersonCommand.Verb.start, .restart] {
          await #expect(throws: CommandRefusal.self, "\(verb)") {
            try await supervisor.carryOut(PersonCommand(verb, agent: toast, who: "ada"))
          }
        }
        await #expect(throws: CommandRefusal.self) {
          try await supervisor.carryOut(PersonCommand(.restart, agent: nux, who: "ada"))
        }
        #expect(town.starts() == 1 && town.running(nux) == before[nux])

        rmdir("\(town.layout.ledger)/mine")
        rmdir(town.layout.ledger)
        try await eventually("its restart") {
          await supervisor.beat()
          return journal.count("agent_restarted", toast) == 1 && town.starts() == 2
        }
        #expect(journal.count("crash_detected") == 1)
        #expect(await supervisor.status().troubles == [])
        let record = try TownRecords(layout: town.layout).ledger()[toast]
        #expect(record.restarts == 1 && record.launch == nil)
        for agent in everybody where agent != toast { #expect(town.running(agent) == before[agent]) }
      }
    }
  }
}
