// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Processes
import TownFiles
package import Trust

/// A tmux server outlives the file of its socket, and its agents with it. SIGUSR1 has it make the socket anew.
///
/// The signal goes, by pidfd, only to a process of this user that runs tmux, that has a handler for it, and whose own
/// socket was bound to that path; and only while nothing answers there. Where another server has the path by now,
/// nothing is sent, and people are told of both.
package struct SocketMender: Sendable {
  package enum Outcome: Sendable, Hashable {
    /// No server without a socket.
    case nothing
    /// The server with this pid answers again.
    case mended(pid: Int32)
    /// A server runs and cannot be reached. No other may be started at its path.
    case blocked(String)
  }

  private let processes: ProcessTable
  private let trust: PathTrust
  /// How long a server has to make its socket.
  private static let patience: Duration = .seconds(1)

  package init(processes: ProcessTable, trust: PathTrust) {
    self.processes = processes
    self.trust = trust
  }

  /// The servers that were at this path, run, and are not reached by it any more. Changes nothing.
  package func lost(at path: String) -> [SocketListener] {
    let standing = trust.standing(ofSocket: path)
    // Mostly the only one is the one that answers, and one reading of the kernel's list shows it.
    if case .listening = standing, processes.countOfListeners(at: path) < 2 { return [] }
    let listeners = processes.listeners(at: path, program: "tmux")
    switch standing {
    // Where the kernel does not say which process it is, the one that answers is taken.
    case .listening(nil): return listeners.count > 1 ? listeners : []
    case .listening(let peer?): return listeners.filter { $0.process.pid != peer }
    case .silent: return listeners
    case .refused: return []
    }
  }

  /// Has a server that runs without a socket at this path make it anew.
  @concurrent package func mend(_ path: String) async -> Outcome {
    let lost = lost(at: path)
    guard let first = lost.first else { return .nothing }
    if let obstacle = Self.obstacle(to: lost, at: path, standing: trust.standing(ofSocket: path)) {
      return .blocked(obstacle)
    }
    let process = first.process
    do {
      let directory = Disk.parent(of: first.path)
      try Disk.makeDirectory(directory)
      try trust.checkDirectory(directory, isOwn: true)
      // Once more, as late as can be: the path may have been taken meanwhile.
      guard case .silent = trust.standing(ofSocket: path) else { return .nothing }
      try Signals.send(SIGUSR1, to: process)
      let end = ContinuousClock.now + Self.patience
      while ContinuousClock.now < end {
        switch trust.standing(ofSocket: path) {
        case .listening(process.pid): return .mended(pid: process.pid)
        case .listening(nil): return .mended(pid: process.pid)
        case .listening, .refused, .silent: break
        }
        if !processes.isRunning(process) { return .nothing }
        try await Task.sleep(for: .milliseconds(5))
      }
      return .blocked("\(Self.without(process.pid, path)), and it does not make it anew")
    } catch {
      return .blocked("\(Self.without(process.pid, path)), and it could not be made anew: \(error)")
    }
  }

  /// Why nothing is sent, with the way out.
  package static func obstacle(to lost: [SocketListener], at path: String, standing: SocketStanding) -> String? {
    guard let first = lost.first else { return nil }
    let pids = lost.map { "\($0.process.pid)" }.joined(separator: ", ")
    if case .listening(let peer) = standing {
      let other = peer.map { "pid \($0)" } ?? "another one"
      return "the tmux server \(path) is \(other), and the one that was there before it (pid \(pids)) runs on with "
        + "its sessions: no agent is started until one of them has ended; what runs in the second can be seen with: "
        + "tmux -S \(path) list-panes -a, and the first comes back by itself once that one has ended"
    }
    if lost.count > 1 {
      return "\(lost.count) tmux servers (pid \(pids)) run whose socket \(path) is not there: end all but one of them; "
        + "that one comes back by itself"
    }
    guard first.handles.contains(SIGUSR1) else {
      return
        "\(without(first.process.pid, path)), and it has no handler for SIGUSR1: end it, with all that runs in it, "
        + "with: kill \(first.process.pid)"
    }
    return nil
  }

  private static func without(_ pid: Int32, _ path: String) -> String {
    "the tmux server (pid \(pid)) runs with its sessions, and its socket \(path) is not there"
  }
}
