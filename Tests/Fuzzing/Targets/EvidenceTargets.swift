// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

extension FuzzTarget {
  /// A capsule of daemon/crashes: what is read can be written and shown.
  static let capsule = FuzzTarget("capsule", longest: 8_192) { input, town in
    let id = "20261123T181248.123Z-gt-rig-toast"
    let capsules = CrashCapsules(layout: town.layout)
    town.put(input, at: capsules.path(of: id))
    guard var capsule = try? capsules.read(id) else { return }
    try promise("how it ended can be shown", isInert(capsule.how))
    try promise(
      "an epitaph is short", capsule.epitaph.count <= 3 && capsule.epitaph.allSatisfy { isInert($0) && $0.count <= 241 }
    )
    try promise("no life is shorter than nothing", (capsule.uptime ?? .zero) >= .zero)
    capsule.id = id
    try capsules.write(capsule)
    let once = try capsules.read(id)
    try capsules.write(once)
    try promise("a capsule is read as written", try capsules.read(id), equals: once)
    _ = CrashCapsule.session(ofID: text(input))
  }

  /// daemon/history: lines that make no sense are left out, and the file stays within its bounds.
  static let history = FuzzTarget("history", longest: 8_192) { input, town in
    let session = "gt-rig-toast"
    let files = HistoryFiles(layout: town.layout, limit: 4_096)
    let path = town.put(input, at: "\(town.layout.history)/\(session).jsonl")
    let entries = try files.entries(of: session)
    let last = files.lastDecision(of: session)
    // It is looked for in the last 8 KB.
    if input.count <= 8_192 {
      try promise("the last decision is the last one", last, equals: entries.last { $0.kind == .decision })
    }
    let time = Timestamp(seconds: 1_795_000_000)
    let entry = HistoryEntry(time: time, kind: .decision, what: "start", reason: text(input.prefix(200)))
    try files.append([entry], to: session)
    try promise("a file stays small", try Disk.read(path).count <= 4_096)
    try files.append([entry], to: session)
    try promise("what was added is there", files.lastDecision(of: session), equals: entry)
  }

  /// `git status --porcelain=v2 --branch -z` of an agent's worktree.
  static let gitStatus = FuzzTarget("git-status") { input, _ in
    let worktree = CrashCapsule.Worktree(directory: "/town/rig", status: text(input), readAt: Timestamp(seconds: 0))
    try promise("few files are named", worktree.dirtyFiles.count <= CrashCapsule.dirtyLimit)
    try promise("all are counted", worktree.dirtyFiles.count <= worktree.dirtyCount)
  }
}
