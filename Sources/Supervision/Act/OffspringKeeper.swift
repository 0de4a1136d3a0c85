// SPDX-License-Identifier: Apache-2.0

package import Commands
import Glibc
package import Processes
package import Systemd

/// Moves what the daemon's commands leave running out of the daemon's control group, which systemd empties at each end
/// of the daemon: a database server that `bd` has started serves the whole town.
///
/// What is left running is whatever does not descend from the daemon any more. A command that is still at work does.
package struct OffspringKeeper: Sendable {
  private let manager: UserManager
  private let groups: ControlGroups
  private let processes: ProcessTable

  package init(manager: UserManager, processes: ProcessTable = ProcessTable(), groups: ControlGroups? = nil) {
    self.manager = manager
    self.processes = processes
    self.groups = groups ?? ControlGroups(table: processes)
  }

  /// Puts what was left running into a scope of its own. Where that fails it is tried again after the next command.
  @concurrent package func release() async {
    let own = getpid()
    guard let group = groups.path(of: own), Self.isUnit(group), let members = groups.members(of: group),
      members.count > 1
    else { return }
    let strays = members.compactMap { processes.status($0) }.filter { status in
      status.isAlive && !processes.ancestry(of: status.pid).contains { $0.pid == own }
    }
    guard let first = strays.first else { return }
    let scope = TransientScope(
      unit: "gastown-left-\(first.pid)-\(first.identity.startTime).scope", slice: "app-gastown.slice",
      description: "Left running by a command of the Gas Town daemon: \(first.name)", processes: [first.pid])
    do {
      try await manager.start(scope)
    } catch {
      return
    }
    guard let path = groups.path(of: first.pid), path.hasSuffix("/\(scope.unit)") else { return }
    for stray in strays.dropFirst() where processes.identity(of: stray.pid) == stray.identity {
      try? groups.move(stray.pid, into: path)
    }
  }

  /// Whether a group is one that systemd empties with the daemon's end.
  static func isUnit(_ group: String) -> Bool {
    guard let unit = group.split(separator: "/").last else { return false }
    return unit.hasPrefix("gastown-daemon") && unit.hasSuffix(".service")
  }
}

/// Runs commands, and lets what they leave running outlive this program.
package struct ReleasingRunner: CommandRunner {
  private let base: any CommandRunner
  private let keeper: OffspringKeeper

  package init(_ base: any CommandRunner, keeper: OffspringKeeper) {
    self.base = base
    self.keeper = keeper
  }

  @concurrent package func run(_ command: Command) async throws -> CommandResult {
    // A tmux client leaves nothing, and a restart waits for it.
    if command.executable.split(separator: "/").last == "tmux" { return try await base.run(command) }
    let result: CommandResult
    do {
      result = try await base.run(command)
    } catch {
      await keeper.release()
      throw error
    }
    await keeper.release()
    return result
  }
}
