// SPDX-License-Identifier: Apache-2.0

import Glibc
import Processes
import Town

/// What of a dead agent is to be ended, and what was found beside that and is not.
struct SweepCensus {
  /// What is to be ended, with how each was started, shortened.
  var victims: [ProcessIdentity: String] = [:]
  /// Whether something bore the mark of the agent's life and had ended before more was to be seen of it: it may have
  /// started another just before.
  var hasVanished = false
  var bystanders: [SweepOutcome.Bystander] = []
  /// What works in the agent's directory, without a terminal and without anything that shows whose it is.
  var strays: [SweepOutcome.Bystander] = []
  /// Whether all that is in the agent's control group is to be ended.
  var isWholeGroup: Bool { bystanders.isEmpty && !isShared }
  private var isShared = false

  /// Looks at what is there now; `nil` where that cannot be seen.
  static func take(
    of remains: AgentRemains, protecting protected: Set<Int32>, processes: ProcessTable, groups: ControlGroups
  ) -> SweepCensus? {
    let misses = ProcessTable.misses
    let members = remains.scope.flatMap { groups.members(of: $0.path) } ?? []
    let isEmpty = remains.marks.isEmpty && members.allSatisfy { $0 == remains.sparing }
    let bearers = isEmpty ? [:] : processes.bearers(of: AgentRemains.variable)
    guard let bearers, ProcessTable.misses == misses else { return nil }
    let marked = Set(bearers.filter { remains.marks.contains($0.value) }.keys)
    var census = SweepCensus()
    // Most of the time there is nothing, and no start waits for more.
    guard !marked.isEmpty || members.contains(where: { $0 != remains.sparing }) || remains.home != nil else {
      return census
    }

    let kin = Kin(processes.all(), sparing: remains.sparing, protected: protected, processes: processes)
    for pid in marked.union(members).sorted() where pid != remains.sparing {
      guard let status = kin.statuses[pid], status.isAlive else {
        census.hasVanished = census.hasVanished || kin.statuses[pid] == nil
        continue
      }
      if let reason = kin.reason(toSpare: status) {
        census.note(status, reason: reason, isNamed: reason != .shared || kin.isShared(status), processes)
      } else if marked.contains(pid), !remains.hasStarted(processes.environment(of: pid) ?? [:]) {
        census.note(status, reason: .planted, isNamed: true, processes)
      } else if marked.contains(pid)
        || remains.mayTake(status, mark: bearers[pid], isReadable: processes.environment(of: pid) != nil)
      {
        census.victims[status.identity] = command(of: status, processes)
      } else {
        census.note(status, reason: .unmarked, isNamed: true, processes)
      }
    }
    if let home = remains.home {
      let known = marked.union(members).union(processes.ancestry(of: getpid()).map(\.pid))
      for status in kin.statuses.values.sorted(by: { $0.pid < $1.pid }) where !known.contains(status.pid) {
        guard status.isAlive, status.terminal == 0, status.name != "gt", status.pid != remains.sparing,
          processes.isOurs(status.pid), let place = processes.workingDirectory(of: status.pid),
          place == home || place.hasPrefix(home + "/"), kin.reason(toSpare: status) == nil
        else { continue }
        census.strays.append(bystander(status, reason: .stray, processes))
      }
    }
    return ProcessTable.misses == misses ? census : nil
  }

  private mutating func note(
    _ status: ProcessStatus, reason: SweepOutcome.Reason, isNamed: Bool, _ processes: ProcessTable
  ) {
    isShared = true
    guard isNamed else { return }
    bystanders.append(Self.bystander(status, reason: reason, processes))
  }

  private static func bystander(
    _ status: ProcessStatus, reason: SweepOutcome.Reason, _ processes: ProcessTable
  ) -> SweepOutcome.Bystander {
    SweepOutcome.Bystander(pid: status.pid, command: command(of: status, processes), reason: reason)
  }

  private static func command(of status: ProcessStatus, _ processes: ProcessTable) -> String {
    let words = processes.arguments(of: status.pid).flatMap { $0.isEmpty ? nil : $0 } ?? [status.name]
    return String(words.joined(separator: " ").prefix(80))
  }

  /// Which process descends from which, and which are spared because of that.
  private struct Kin {
    let statuses: [Int32: ProcessStatus]
    private let protected: Set<Int32>
    private let processes: ProcessTable
    private let panes: Set<Int32>
    private let terminals: Set<Int32>

    init(_ all: [ProcessStatus], sparing: Int32?, protected: Set<Int32>, processes: ProcessTable) {
      let statuses = Dictionary(all.map { ($0.pid, $0) }, uniquingKeysWith: { first, _ in first })
      self.statuses = statuses
      self.protected = sparing.map { protected.subtracting([$0]) } ?? protected
      self.processes = processes
      let panes = all.filter {
        $0.isAlive && $0.pid != sparing && statuses[$0.parent]?.isTerminalServer == true
      }
      self.panes = Set(panes.map(\.pid))
      terminals = Set(panes.map(\.terminal)).subtracting([0])
    }

    func isShared(_ status: ProcessStatus) -> Bool {
      SharedServers.has(processes.arguments(of: status.pid) ?? [])
    }

    /// Why a process is left alone, whatever mark it bears; `nil` where nothing speaks for it.
    func reason(toSpare status: ProcessStatus) -> SweepOutcome.Reason? {
      if status.pid == getpid() { return .ourselves }
      // Another town's, or a person's.
      if ["gastown-daemon", "gt"].contains(processes.program(of: status.pid)) { return .ourselves }
      if terminals.contains(status.terminal) { return .terminal }
      var next: ProcessStatus? = status
      var seen: Set<Int32> = []
      while let relative = next, relative.pid > 1, seen.insert(relative.pid).inserted {
        if protected.contains(relative.pid) { return .living }
        if panes.contains(relative.pid) { return .terminal }
        if relative.isTerminalServer {
          // What else a tmux server starts is no pane, such as a pipe's command.
          return .terminal
        }
        // The user manager, below which everything is, is no agent's server.
        if relative.name != "systemd" || relative.pid == status.pid, isShared(relative) { return .shared }
        next = statuses[relative.parent]
      }
      return nil
    }
  }
}

extension AgentRemains {
  /// Whether an environment with the mark of a life is one that the agent's command had, or has passed on.
  fileprivate func hasStarted(_ environment: [String: String]) -> Bool {
    session == nil || environment["GT_SESSION"] == session
  }

  /// Whether a process in the group of a life is its own although it does not show its mark: where the life had none,
  /// and where the environment may not be read, as that of `sudo`. One that is older than the life was moved there, and
  /// one with another mark belongs to another life.
  fileprivate func mayTake(_ status: ProcessStatus, mark: String?, isReadable: Bool) -> Bool {
    guard marks.isEmpty || !isReadable, mark == nil, let scope else { return false }
    return status.identity.startTime >= scope.life.startTime
  }
}

extension ProcessStatus {
  /// Whether it is a tmux server, by the name that it gives itself.
  var isTmuxServer: Bool { name.hasPrefix("tmux: server") }

  /// Whether its children have terminals of their own, at which a person may sit.
  var isTerminalServer: Bool { isTmuxServer || ["screen", "SCREEN", "zellij", "dtach", "abduco"].contains(name) }
}

extension ProcessTable {
  /// A process and its ancestors, the nearest first.
  func ancestry(of pid: Int32) -> [ProcessStatus] {
    var found: [ProcessStatus] = []
    var next = pid
    while next > 1, found.count < 100, let status = status(next) {
      found.append(status)
      next = status.parent
    }
    return found
  }
}
