// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town

/// A process that an agent, or a person beside it, has started, and that outlives the one that has started it.
struct SimulatedChild: Sendable {
  var agent: Int
  /// The mark of the agent's life of which it comes; `nil` where it bears none.
  var mark: String?
  /// When that life began.
  var lifeBornAt: Int64
}

// What agents start belongs to them, and nothing else does.
extension SimulatedWorld {
  /// An agent's child leaves its group and its terminal, or a person starts something in a pane beside the agent.
  mutating func detach(_ number: Int, isPersons: Bool, seconds: Int) {
    guard let process = agents[number].process.flatMap({ processes[$0] }) else { return }
    let pid = nextPID()
    children[pid] = SimulatedChild(agent: number, mark: isPersons ? nil : process.mark, lifeBornAt: process.bornAt)
    agenda.enter(.endChild(pid), at: clock + Int64(seconds) * 1_000)
    note("pid \(pid) detaches itself from \(agents[number].session), \(children[pid]?.mark ?? "without a mark")")
  }

  /// Ends what bears one of these marks.
  mutating func sweep(_ marks: Set<String>) -> SweepOutcome {
    endChildren(children.filter { $0.value.mark.map(marks.contains) == true }.keys.sorted())
  }

  /// A daemon ends these.
  mutating func endChildren(_ pids: [Int32]) -> SweepOutcome {
    for pid in pids {
      inspectSweep(pid)
      children[pid] = nil
      inspector.counts["child ended", default: 0] += 1
      note("pid \(pid) is ended with what left it")
    }
    return .swept(pids.map { SweepOutcome.Ended(pid: $0, command: "child") })
  }

  private mutating func inspectSweep(_ pid: Int32) {
    guard let child = children[pid] else { return }
    let session = agents[child.agent].session
    guard let mark = child.mark else {
      return violate(.whatItStartedGoes, "pid \(pid), which does not bear a mark of \(session), is ended")
    }
    if let life = processes.values.first(where: { $0.mark == mark }) {
      violate(.whatItStartedGoes, "pid \(pid) of \(session) is ended although its life goes on (pid \(life.pid))")
    }
  }

  /// A daemon is about to start an agent: nothing of its former lives may be at work on the same worktree.
  mutating func inspectChildren(of number: Int) {
    let left = children.filter { $0.value.agent == number && $0.value.mark != nil }.sorted { $0.key < $1.key }
    for (pid, child) in left where child.lifeBornAt > inspector.lastLostLedger {
      violate(
        .whatItStartedGoes,
        "\(agents[number].session) is started although pid \(pid) of a former life is at work (\(child.mark ?? ""))")
    }
  }
}
