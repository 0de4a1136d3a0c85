// SPDX-License-Identifier: Apache-2.0

package import Commands
package import Processes
import Tmux
package import Town
package import TownFiles

/// Gathers what is known of a death from tmux, git and the kernel.
package struct EvidenceGatherer: Sendable {
  private let layout: TownLayout
  private let servers: TmuxServers
  private let runner: any CommandRunner
  private let processes: ProcessTable
  private let groups: ControlGroups
  private let inspector: WorktreeInspector
  /// A start waits for the last words, so they have less time than other questions to tmux.
  private let deadline: Duration
  package static let longestWait: Duration = .seconds(2)

  package init(
    layout: TownLayout, servers: TmuxServers, runner: any CommandRunner, environment: [String: String],
    processes: ProcessTable, groups: ControlGroups? = nil, deadline: Duration
  ) {
    self.layout = layout
    self.servers = servers
    self.runner = runner
    self.processes = processes
    self.groups = groups ?? ControlGroups(table: processes)
    inspector = WorktreeInspector(runner: runner, environment: environment)
    self.deadline = min(deadline, EvidenceGatherer.longestWait)
  }

  /// One call for all the panes of one server (tmux takes 64 of them), all servers at once.
  package func lastWords(
    of remains: [DeathReport.Remains]
  ) async -> [DeathReport.Remains: Reading<CrashCapsule.Words>] {
    let addresses =
      ([servers.own] + (remains.contains { $0.serverName != "\(servers.own.server)" } ? servers.others().clients : []))
      .map(\.server)
    return await withTaskGroup(of: [DeathReport.Remains: Reading<CrashCapsule.Words>].self) { group in
      for (name, panes) in Dictionary(grouping: remains, by: \.serverName) {
        guard let address = addresses.first(where: { "\($0)" == name }) else {
          group.addTask { all(panes, .unknown("the tmux server \(displayable(name)) is gone")) }
          continue
        }
        let client = servers.client(address, deadline: deadline)
        group.addTask { await words(of: panes, on: client) }
      }
      return await group.reduce(into: [:]) { $0.merge($1) { first, _ in first } }
    }
  }

  private func words(
    of panes: [DeathReport.Remains], on client: TmuxClient
  ) async -> [DeathReport.Remains: Reading<CrashCapsule.Words>] {
    let captures = panes.compactMap { remains in
      PaneID(remains.pane).map {
        PaneCapture(
          $0, lines: CrashCapsule.lineLimit, of: PaneCapture.Process(server: remains.server.pid, pid: remains.pid))
      }
    }
    do {
      let texts = try await client.captureWithFacts(panes: captures)
      return Dictionary(
        panes.map { remains in
          guard let text = PaneID(remains.pane).flatMap({ texts[$0] }) else {
            return (remains, .unknown("its pane \(remains.pane) was gone, or used again, before it could be read"))
          }
          return (remains, .known(CrashCapsule.Words(text)))
        }, uniquingKeysWith: { first, _ in first })
    } catch {
      return all(panes, .unknown("\(error)"))
    }
  }

  private func all(
    _ panes: [DeathReport.Remains], _ reading: Reading<CrashCapsule.Words>
  ) -> [DeathReport.Remains: Reading<CrashCapsule.Words>] {
    Dictionary(panes.map { ($0, reading) }, uniquingKeysWith: { first, _ in first })
  }

  package func worktree(of agent: AgentIdentity) async -> Reading<CrashCapsule.Worktree> {
    await inspector.inspect(layout.directory(of: agent)) { LiveTown.wallClock() }
  }

  package func memoryEvents(of pid: Int32) -> MemoryEvents? {
    guard let path = groups.path(of: pid), let counts = groups.memoryEvents(of: path).flatMap(MemoryEvents.counts)
    else { return nil }
    return MemoryEvents(controlGroup: path, counts: counts, killsBefore: counts["oom_kill"])
  }

  package func memoryEventsNow(_ former: MemoryEvents) -> MemoryEvents {
    // A group that went with its agent has no counts any more; those of its life are better than none.
    guard let counts = groups.memoryEvents(of: former.controlGroup).flatMap(MemoryEvents.counts) else { return former }
    return MemoryEvents(controlGroup: former.controlGroup, counts: counts, killsBefore: former.killsBefore)
  }

  /// The message by which systemd says that a process of a unit was killed for memory. It looks at the
  /// group's counts when the group becomes empty and before it removes it, so that none is missed.
  private static let outOfMemory = "MESSAGE_ID=fe6faa94e7774663a0da52717891d8ef"

  /// Looks three times within two seconds, as the entry may be written after the death is seen. `nil` where the journal
  /// could not be read.
  package func reportedOutOfMemory(_ scope: AgentScope) async -> Bool? {
    let command = Command(
      "journalctl",
      // Said by the manager itself: any process of the user can write USER_UNIT=.
      [
        "--user", "-q", "--no-pager", "-n", "1", "-o", "cat", Self.outOfMemory, "USER_UNIT=\(scope.unit)",
        "_SYSTEMD_USER_UNIT=init.scope",
      ],
      deadline: .seconds(2))
    var isAnswered = false
    for pause: Duration in [.milliseconds(100), .milliseconds(400), .milliseconds(1_500)] {
      guard (try? await Task.sleep(for: pause)) != nil else { return nil }
      guard let result = try? await runner.run(command), result.succeeded else { continue }
      if result.output.contains(where: { !$0.isWhitespace }) { return true }
      isAnswered = true
    }
    return isAnswered ? false : nil
  }

  package func start(of life: ProcessLife, now: Timestamp) -> Timestamp? {
    guard life.startTime > 0, life.boot == processes.bootID() else { return nil }
    return now + (.zero - ProcessTable.age(startTime: life.startTime))
  }
}

extension CrashCapsule.Words {
  fileprivate init(_ text: CapturedPane) {
    self.init(
      lines: text.lines, tmuxVersion: text.version, diedAt: text.deadTime.map { Timestamp(seconds: Int64($0)) })
  }
}
