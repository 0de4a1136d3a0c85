// SPDX-License-Identifier: Apache-2.0

import Town

/// A capsule for people. Everything in it that a town has written is made harmless to a terminal.
enum CapsuleText {
  static func lines(_ capsule: CrashCapsule, path: String) -> [String] {
    var rows: [(String, String)] = [
      ("cause", capsule.how),
      ("seen", "\(capsule.seenAt)" + (capsule.diedAt.map { $0 == capsule.seenAt ? "" : " (it died at \($0))" } ?? "")),
    ]
    if capsule.exitSignal != nil, capsule.killedBy == nil || capsule.killedBy == "unknown" {
      rows.append(("by", "not known: the kernel does not say who sent the signal"))
    }
    if let uptime = capsule.uptime {
      rows.append(("lived", "\(words(uptime))" + (capsule.startedAt.map { ", from \($0)" } ?? "")))
    }
    rows.append(("restarts", "\(capsule.restarts) before"))
    rows.append(("hook", capsule.hook.map { displayable($0) } ?? "nothing"))
    if let pid = capsule.pid { rows.append(("pid", "\(pid)")) }
    rows.append(("session", displayable(capsule.session)))
    if let server = capsule.tmuxServer {
      let version = capsule.tmuxVersion.map { " (tmux \(displayable($0)))" } ?? ""
      rows.append(("server", "\(displayable(server))\(version), pane \(displayable(capsule.pane ?? "unknown"))"))
    }
    rows += worktree(capsule.worktree)
    if let memory = capsule.memory {
      let counts = memory.counts.sorted { $0.key < $1.key }.map { "\(displayable($0.key)) \($0.value)" }
      let before = memory.killsBefore.map { "; oom_kill was \($0) when it was first seen" } ?? ""
      let reported = memory.isReported == true ? ["systemd reported a process killed because memory ran out"] : []
      let words = (reported + (counts.isEmpty ? [] : [counts.joined(separator: ", ") + before])).joined(separator: "; ")
      rows.append(("memory", "\(words) (\(displayable(memory.controlGroup)))"))
    }
    rows.append(("file", path))
    let header = rows.map { "  \($0.0)\(String(repeating: " ", count: 10 - $0.0.count))\($0.1)" }
    return [displayable(capsule.agent)] + header + words(capsule.lastWords)
  }

  /// Who dies at once does so in less than a second.
  private static func words(_ uptime: Duration) -> String {
    guard uptime < .seconds(10) else { return uptime.inWords }
    let tenths = Int(uptime.wholeMilliseconds / 100)
    return "\(tenths / 10).\(tenths % 10)s"
  }

  private static func worktree(_ reading: Reading<CrashCapsule.Worktree>) -> [(String, String)] {
    switch reading {
    case .unknown(let reason): return [("worktree", "not known: \(displayable(reason))")]
    case .known(let worktree):
      let branch = worktree.branch.map { displayable($0) } ?? "no branch"
      var rows = [("branch", "\(branch), at \(worktree.head.map { displayable($0) } ?? "no commit")")]
      let more = worktree.dirtyCount - worktree.dirtyFiles.count
      if worktree.dirtyCount == 0 { rows.append(("dirty", "nothing (read at \(worktree.readAt))")) }
      for (index, file) in worktree.dirtyFiles.enumerated() {
        rows.append((index == 0 ? "dirty" : "", displayable(file)))
      }
      if more > 0 { rows.append(("", "and \(more) more")) }
      return rows
    }
  }

  private static func words(_ reading: Reading<[String]>) -> [String] {
    switch reading {
    case .unknown(let reason): ["", "No last words: \(displayable(reason))"]
    case .known(let lines) where lines.isEmpty: ["", "There was no output."]
    case .known(let lines):
      ["", "Last words:"]
        + lines.map { displayable($0.split(separator: "\t", omittingEmptySubsequences: false).joined(separator: "  ")) }
    }
  }
}
