// SPDX-License-Identifier: Apache-2.0

/// The branch on which a new polecat begins, where its name may have been used before.
package enum BranchRule {
  /// A branch of the repository, or one of that name at a remote.
  package struct Branch: Sendable, Hashable {
    /// Without `refs/heads/`.
    package var name: String
    /// Whether the repository itself has it; else only a remote does.
    package var isLocal: Bool
    /// Whether all that is on it is also in the commit at which the polecat begins.
    package var isContained: Bool
    /// Whether a worktree is on it.
    package var isCheckedOut: Bool

    package init(name: String, isLocal: Bool, isContained: Bool, isCheckedOut: Bool) {
      self.name = name
      self.isLocal = isLocal
      self.isContained = isContained
      self.isCheckedOut = isCheckedOut
    }
  }

  package struct Choice: Sendable, Hashable {
    package var name: String
    /// Whether the branch is there, and is fast-forwarded.
    package var isForwarded: Bool
    /// Branches that are left as they are, as they have what would be lost, or are in use.
    package var kept: [String]
  }

  /// `polecat/NAME`, or the first of `polecat/NAME-2`, `-3` … that is free, or by whose fast-forwarding nothing is lost.
  package static func choose(for polecat: String, among branches: [Branch]) -> Choice {
    let first = "polecat/\(polecat)"
    var kept: [String] = []
    var (name, number) = (first, 1)
    while true {
      let former = branches.filter { $0.name == name }
      // git keeps branches as files: none can be where another has a directory.
      let isDirectory = branches.contains { $0.name.hasPrefix("\(name)/") }
      if !isDirectory, former.allSatisfy({ $0.isContained && !$0.isCheckedOut }) {
        return Choice(name: name, isForwarded: former.contains(where: \.isLocal), kept: kept)
      }
      if !former.isEmpty { kept.append(name) }
      number += 1
      name = "\(first)-\(number)"
    }
  }
}
