// SPDX-License-Identifier: Apache-2.0

import TownFiles

/// A worktree in the list of its repository (`git worktree list --porcelain`).
struct RegisteredWorktree: Sendable, Hashable {
  var path: String
  var head: String?
  /// Whether it is on no branch.
  var isDetached = false
  /// Whether `git worktree lock` keeps its place although it is not there.
  var isLocked = false

  static func all(in list: String) -> [RegisteredWorktree] {
    var found: [RegisteredWorktree] = []
    for line in list.split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard let key = words.first else { continue }
      let value = words.count == 2 ? String(words[1]) : nil
      if key == "worktree", let value {
        found.append(RegisteredWorktree(path: value))
      } else if let last = found.indices.last {
        switch key {
        case "HEAD": found[last].head = value
        case "detached": found[last].isDetached = true
        case "locked": found[last].isLocked = true
        default: break
        }
      }
    }
    return found
  }

  /// Whether this is the place of the worktree, through any links. It need not exist any more.
  func isAt(_ place: String) -> Bool { RegisteredWorktree.resolved(path) == RegisteredWorktree.resolved(place) }

  private static func resolved(_ path: String) -> String {
    guard let parent = Disk.canonical(Disk.parent(of: path)), let name = path.split(separator: "/").last else {
      return path
    }
    return "\(parent)/\(name)"
  }
}
