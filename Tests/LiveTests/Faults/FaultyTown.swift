// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Glibc
import Processes
import Supervision
import TestSupport
import Town
import TownFiles

/// A town in which something outside of the daemon is at fault, supervised in this process.
extension LiveTownFixture {
  /// Runs `body` beside a supervisor of this town, and stops that afterwards.
  ///
  /// - Parameter store: the bead store, where it is not the embedded one.
  func supervised(
    store: (any BeadStore)? = nil, policy: Policy = Policy(),
    _ body: (Supervisor, RecordedJournal) async throws -> Void
  ) async throws {
    let journal = RecordedJournal()
    let town =
      store.map {
        LiveTown(layout: layout, settings: settings, store: .success($0), runner: runner, environment: environment)
      } ?? world
    let supervisor = Supervisor(world: town, policy: policy, journal: journal.journal(layout.root))
    let running = Task { await supervisor.run() }
    let result: Result<Void, any Error>
    do { result = .success(try await body(supervisor, journal)) } catch { result = .failure(error) }
    await supervisor.stop()
    await running.value
    do { try result.get() } catch { throw NotInTime(description: "\(error)\n\(journal.entries.map(\.message))") }
  }

  /// Everybody whom the rules keep running, told to begin.
  func settled(_ supervisor: Supervisor, _ agents: [AgentIdentity]) async throws {
    await supervisor.beat()
    for agent in agents { _ = try await written("told", by: agent) }
  }

  /// The processes of an agent's script, as the kernel knows them and no tmux is asked.
  func running(_ agent: AgentIdentity) -> [Int32] {
    let table = ProcessTable()
    let started = Set(
      (TestFile.text(directory("out/\(agent.session).starts")) ?? "").split(separator: "\n").compactMap { Int32($0) })
    return processes.map(\.pid).filter {
      started.contains($0) && table.environment(of: $0)?["GT_SESSION"] == agent.session
    }
  }

  /// Puts a program before another of the same name: while the file `fault` is there, what it says is done instead.
  func wrap(_ name: String, around program: String) {
    script(
      name,
      """
      #!/bin/bash
      real=\(program)
      if [ -e "\(directory.path)/\(name).fault" ]; then . "\(directory.path)/\(name).fault"; fi
      exec "$real" "$@"
      """)
  }

  /// Begins a fault of a program that ``wrap(_:around:)`` has wrapped.
  func strike(_ name: String, _ script: String) {
    TestFile.write(script + "\n", to: directory("\(name).fault"))
  }

  func heal(_ name: String) { unlink(directory("\(name).fault")) }

  /// What a program is called by its path.
  static func path(of program: String) -> String {
    ExecutableSearch.find(program, path: TestEnvironment.path) ?? program
  }
}

extension RecordedJournal {
  func count(_ event: String, _ agent: AgentIdentity? = nil) -> Int {
    entries.count { $0.event == event && (agent == nil || $0.fields["GT_SESSION"] == agent?.session) }
  }
}

extension Supervisor {
  func finding(of agent: AgentIdentity) -> Finding? { lastFindings().first { $0.session == agent.session } }
}
