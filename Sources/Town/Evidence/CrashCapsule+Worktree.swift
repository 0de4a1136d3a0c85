// SPDX-License-Identifier: Apache-2.0

extension CrashCapsule {
  /// The state of the worktree in which the agent worked.
  package struct Worktree: Sendable, Hashable {
    package var directory: String
    /// `nil` where no branch was checked out.
    package var branch: String?
    /// `nil` before the first commit.
    package var head: String?
    /// Changed and untracked files, the first ``CrashCapsule/dirtyLimit`` of them.
    package var dirtyFiles: [String]
    package var dirtyCount: Int
    /// When it was read. The next process may have been at work by then: no restart waits for it.
    package var readAt: Timestamp

    package init(
      directory: String, branch: String?, head: String?, dirtyFiles: [String], dirtyCount: Int, readAt: Timestamp
    ) {
      self.directory = directory
      self.branch = branch
      self.head = head
      self.dirtyFiles = dirtyFiles
      self.dirtyCount = dirtyCount
      self.readAt = readAt
    }
  }
}

extension CrashCapsule.Worktree: Codable {
  private enum CodingKeys: String, CodingKey {
    case directory, branch, head
    case dirtyFiles = "dirty_files"
    case dirtyCount = "dirty_count"
    case readAt = "read_at"
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(directory, forKey: .directory)
    try container.encode(branch, forKey: .branch)
    try container.encode(head, forKey: .head)
    try container.encode(dirtyFiles, forKey: .dirtyFiles)
    try container.encode(dirtyCount, forKey: .dirtyCount)
    try container.encode(readAt, forKey: .readAt)
  }
}

extension CrashCapsule.Worktree {
  /// Reads what `git status --porcelain=v2 --branch -z` prints.
  package init(directory: String, status: String, readAt: Timestamp) {
    var branch: String?
    var head: String?
    var files: [String] = []
    var isOrigin = false
    for entry in status.split(separator: "\0") {
      // A renamed file's former name stands in an entry of its own.
      if isOrigin {
        isOrigin = false
        continue
      }
      if let name = entry.droppingPrefix("# branch.head ") {
        branch = name == "(detached)" ? nil : String(name)
      } else if let commit = entry.droppingPrefix("# branch.oid ") {
        head = commit == "(initial)" ? nil : String(commit)
      } else if let path = entry.droppingPrefix("? ") {
        files.append(String(path))
      } else if let fields = entry.droppingPrefix("1 ") {
        files.append(CrashCapsule.Worktree.path(in: fields, after: 7))
      } else if let fields = entry.droppingPrefix("2 ") {
        files.append(CrashCapsule.Worktree.path(in: fields, after: 8))
        isOrigin = true
      } else if let fields = entry.droppingPrefix("u ") {
        files.append(CrashCapsule.Worktree.path(in: fields, after: 9))
      }
    }
    self.init(
      directory: directory, branch: branch, head: head, dirtyFiles: Array(files.prefix(CrashCapsule.dirtyLimit)),
      dirtyCount: files.count, readAt: readAt)
  }

  /// A path comes last, and may hold spaces.
  private static func path(in fields: Substring, after count: Int) -> String {
    let parts = fields.split(separator: " ", maxSplits: count, omittingEmptySubsequences: false)
    return parts.count > count ? String(parts[count]) : String(fields)
  }
}

extension Substring {
  fileprivate func droppingPrefix(_ prefix: String) -> Substring? {
    hasPrefix(prefix) ? dropFirst(prefix.count) : nil
  }
}
