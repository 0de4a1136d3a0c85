// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc

/// What the installed `bd` knows. It is asked once for each executable, which is known by its device, inode and time of
/// change: an upgrade is another one.
actor BdKnowledge {
  /// The options of `bd list` that are used where they are known. `--limit` is in every version: 0.41 to 1.0.5.
  static let options: Set<String> = ["--flat", "--all"]

  private struct Executable: Hashable {
    var path: String
    var device: UInt64
    var inode: UInt64
    var seconds: Int
    var nanoseconds: Int

    /// `nil` where it cannot be looked at; then nothing is remembered of it.
    init?(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return nil }
      self.path = path
      device = UInt64(status.st_dev)
      inode = UInt64(status.st_ino)
      seconds = status.st_mtim.tv_sec
      nanoseconds = status.st_mtim.tv_nsec
    }
  }

  /// What has been found out of one executable.
  private struct Facts {
    var options: Task<Set<String>?, any Error>?
    var version: String?
    var hasNoSync = false
  }

  private let client: BdClient
  private var executable: Executable?
  private var facts = Facts()

  init(client: BdClient) { self.client = client }

  /// The options that `bd list` is to be given beside its filters.
  ///
  /// - Throws: ``BeadStoreError`` where `bd` cannot be run.
  func options(on database: BeadDatabase) async throws -> Set<String> {
    look()
    if let task = facts.options { return try await task.value ?? [] }
    let client = client
    let task = Task<Set<String>?, any Error> {
      let result = try await client.run(["list", "--help"], on: database, attempt: "asking bd what its list knows")
      let help = result.output + result.errors
      // One that says nothing, or fails, is asked again.
      guard result.succeeded, !BdOutput.lines(of: help).isEmpty else { return nil }
      return BdKnowledge.options.filter { help.containsBytes(of: "\($0) ") }
    }
    facts.options = task
    let asked = executable
    do {
      let options = try await task.value
      if asked == nil || options == nil && asked == executable { facts.options = nil }
      return options ?? []
    } catch {
      if asked == executable { facts.options = nil }
      throw error
    }
  }

  /// Corrects what the help said, or did not say.
  func note(_ option: String, isKnown: Bool, on database: BeadDatabase) async {
    guard var options = try? await options(on: database), executable != nil else { return }
    if isKnown { options.insert(option) } else { options.remove(option) }
    let corrected = options
    facts.options = Task<Set<String>?, any Error> { corrected }
  }

  /// The version as a person would name it, with the path of the executable.
  func version(on database: BeadDatabase) async -> String {
    look()
    let path = client.findExecutable() ?? "bd"
    if let version = facts.version { return "\(version), \(path)" }
    guard
      let result = try? await client.run(
        ["version"], on: database, attempt: "asking bd for its version"),
      result.succeeded,
      let line = BdOutput.lines(of: String(result.output.prefix(400))).first(where: { $0.hasPrefix("bd version ") })
    else { return "bd of unknown version, \(path)" }
    let version = BdOutput.excerpt(line)
    if executable != nil { facts.version = version }
    return "\(version), \(path)"
  }

  /// Whether it has said that it has no `sync`.
  var hasNoSync: Bool {
    look()
    return facts.hasNoSync
  }

  func noteNoSync() { facts.hasNoSync = executable != nil }

  /// Forgets what was known of another executable.
  private func look() {
    let found = client.findExecutable().flatMap(Executable.init)
    guard found != executable || found == nil else { return }
    executable = found
    facts = Facts()
  }
}
