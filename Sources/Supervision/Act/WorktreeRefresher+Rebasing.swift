// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import Town
import TownFiles

/// The one thing that writes to a worktree. A note of it lasts until it is finished or undone, by this daemon or a later one.
extension WorktreeRefresher {
  /// Where it stands that a rebase of ours is under way: beside git's own notes of that.
  private static let note = "gastown-rebase"
  /// What git keeps while a rebase is in progress, whichever way it does it.
  private static let rebases = ["rebase-merge", "rebase-apply"]

  /// A branch that has nothing of its own is fast-forwarded by this, and what is not finished can be undone.
  func rebase(
    _ directory: String, onto base: String, until end: ContinuousClock.Instant
  ) async throws -> [String] {
    guard let note = try await paths([Self.note], in: directory, until: end)?.first,
      let head = try await git(["rev-parse", "--verify", "--quiet", "HEAD"], in: directory, until: end)
    else { return [] }
    do throws(TownFileError) {
      try Disk.write(Array(head.utf8), to: note)
    } catch {
      return ["the rebase was not begun: \(error)"]
    }
    let why: String
    do {
      let result = try await run(["rebase", "--quiet", base], in: directory, until: end)
      if result.succeeded {
        try? Disk.remove(note)
        return []
      }
      why = firstLine(result.complaint)
    } catch {
      return try await abort(directory, note: note, because: reason(error))
    }
    return try await abort(directory, note: note, because: nil, complaint: why)
  }

  /// Undoes a rebase of a daemon that was killed in the middle of it, and git with it. The agent would find itself
  /// on no branch, and no start would refresh its worktree again.
  func undoAbandoned(_ directory: String, until end: ContinuousClock.Instant) async throws -> [String] {
    guard let paths = try await paths([Self.note] + Self.rebases, in: directory, until: end), let note = paths.first,
      Disk.exists(note)
    else { return [] }
    // Without a service manager git goes on when the daemon is killed.
    while let pid = gitAtWork(in: directory) {
      guard ContinuousClock.now < end else {
        throw UnfitWorktree(
          description: "a rebase that an earlier daemon has begun is still under way (git with pid \(pid))")
      }
      try await Task.sleep(for: .milliseconds(100))
    }
    let isOurs = paths.dropFirst().contains { Disk.exists($0) && hasBegun($0, note: note) }
    guard isOurs else {
      try? Disk.remove(note)
      return []
    }
    return try await abort(directory, note: note, because: "the daemon was ended in the middle of it")
  }

  /// Whether git's notes of a rebase tell of the one that ours tells of. What came after it is the agent's own work.
  private func hasBegun(_ rebase: String, note: String) -> Bool {
    func text(_ path: String) -> String? {
      (try? Disk.read(path, limit: 1 << 10)).map { String(decoding: $0, as: UTF8.self).filter { !$0.isWhitespace } }
    }
    guard let head = text(note), !head.isEmpty, let orig = text("\(rebase)/orig-head") else { return true }
    return head == orig
  }

  private func gitAtWork(in directory: String) -> Int32? {
    let table = ProcessTable()
    return table.all().first { status in
      guard status.isAlive, status.name.hasPrefix("git"), let place = table.workingDirectory(of: status.pid) else {
        return false
      }
      return place == directory || place.hasPrefix("\(directory)/")
    }?.pid
  }

  /// Undoes a rebase that did not go through. It has seconds of its own: a deadline that has passed must not leave the
  /// worktree in the middle of something.
  ///
  /// - Parameters:
  ///   - reason: why it is given up; `nil` where git itself has ended it.
  ///   - complaint: what git said to that.
  /// - Throws: ``UnfitWorktree`` where it cannot be undone. The note stays, and the next start tries again.
  private func abort(
    _ directory: String, note: String, because reason: String?, complaint: String = ""
  ) async throws -> [String] {
    let end = ContinuousClock.now + .seconds(8)
    // In a task of its own: a daemon that is just being stopped must not leave it half done either.
    let failure = await Task { await self.undo(directory, until: end) }.value
    switch failure {
    case .notBegun:
      try? Disk.remove(note)
      return ["the rebase was given up (\(reason ?? complaint))"]
    case .undone:
      try? Disk.remove(note)
      return ["the rebase was given up (\(reason ?? "it conflicts"))"]
    case .failed(let failure):
      throw UnfitWorktree(
        description: "a rebase in it was given up (\(reason ?? "it conflicts")) and cannot be undone (\(failure)); "
          + "to undo it: git -C \(directory) rebase --abort")
    }
  }

  private enum Undoing: Sendable {
    case notBegun, undone
    case failed(String)
  }

  private func undo(_ directory: String, until end: ContinuousClock.Instant) async -> Undoing {
    var failure = "git does not tell where it keeps its notes"
    do {
      guard let paths = try await paths(Self.rebases + ["index.lock"], in: directory, until: end),
        let lock = paths.last
      else { return .failed(failure) }
      func isInProgress() -> Bool { paths.dropLast().contains(where: Disk.exists) }
      guard isInProgress() else { return .notBegun }
      for isLast in [false, true] {
        do {
          let result = try await run(["rebase", "--abort"], in: directory, until: min(end, .now + .seconds(5)))
          if result.succeeded, !isInProgress() { return .undone }
          failure = firstLine(result.complaint)
        } catch {
          failure = self.reason(error)
        }
        guard !isLast else { break }
        // Of the git that was killed.
        guard Disk.exists(lock), gitAtWork(in: directory) == nil else { break }
        try? Disk.remove(lock)
      }
    } catch {
      failure = reason(error)
    }
    return .failed(failure)
  }
}
