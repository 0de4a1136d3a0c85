// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

extension BdBeadStore {
  /// The numbers of rows at which later versions of `bd` end a list without a limit of its own.
  private static let usualLimits: Set<Int> = [50, 20]
  /// An id that is no bead's. What `bd` says of it tells an empty database from a `bd` that says nothing.
  private static let nobody = "gt-no-such-bead"

  /// Beads of one database, with one process where `bd` is as it was before.
  ///
  /// - Throws: ``BeadStoreError``, `unavailable` or `unreadable`.
  func list(_ listing: BdListing, on database: BeadDatabase) async throws -> [Bead] {
    let attempt = "listing the beads of \(database.path)"
    var options = try await options(on: database, attempt: attempt)
    var result = try await client.run(listing.arguments(knowing: options), on: database, attempt: attempt)
    while !result.succeeded, let unknown = BdWording.unknownOption(BdOutput.reason(result)),
      options.remove(unknown) != nil
    {
      await knowledge.note(unknown, isKnown: false, on: database)
      result = try await client.run(listing.arguments(knowing: options), on: database, attempt: attempt)
    }
    guard result.succeeded else {
      let failure = client.failure(result, attempt: attempt)
      throw BeadStoreError(.unavailable, attempt: attempt, message: failure.message)
    }
    let beads = try await read(result, of: listing, options: options, on: database, attempt: attempt)
    await doubt(listing, rows: beads.count, result: result, on: database)
    memory.note(listing, beads.map(\.id), on: database)
    return beads
  }

  private func options(on database: BeadDatabase, attempt: String) async throws -> Set<String> {
    do {
      return try await knowledge.options(on: database)
    } catch let error as BeadStoreError {
      throw BeadStoreError(error.code, attempt: attempt, message: error.message)
    }
  }

  private func read(
    _ result: CommandResult, of listing: BdListing, options: Set<String>, on database: BeadDatabase, attempt: String
  ) async throws -> [Bead] {
    do throws(BdOutput.Unreadable) {
      if let beads = try BdOutput.beads(result.standardOutput) { return beads }
    } catch {
      // A version that prints a tree in spite of --json, and whose help did not tell.
      if !options.contains("--flat"), let beads = try await listFlat(listing, options: options, on: database) {
        return beads
      }
      throw BeadStoreError(
        .unreadable, attempt: attempt, message: "\(error.description); \(await knowledge.version(on: database))")
    }
    if try await isEmpty(listing, result: result, on: database) { return [] }
    throw BeadStoreError(
      .unreadable, attempt: attempt,
      message: "bd printed nothing instead of a bead list; \(await knowledge.version(on: database))")
  }

  /// Whether a list of which nothing at all was printed is empty: `bd` must say of a bead that is none that there is
  /// none, and must not show what the last such list had.
  private func isEmpty(_ listing: BdListing, result: CommandResult, on database: BeadDatabase) async throws -> Bool {
    guard BdOutput.lines(of: result.complaint).allSatisfy({ BdWording.isWarning($0) }) else { return false }
    let sample = memory.sample(of: listing, on: database)
    let answers = try await show([Self.nobody] + sample, on: database)
    return answers[Self.nobody] == .known(nil)
      && sample.allSatisfy { id in
        guard case .known(let bead)? = answers[id] else { return false }
        return bead.map { !listing.includesClosed && $0.status.isOver } ?? true
      }
  }

  private func listFlat(
    _ listing: BdListing, options: Set<String>, on database: BeadDatabase
  ) async throws -> [Bead]? {
    let arguments = listing.arguments(knowing: options.union(["--flat"]))
    guard let result = try? await client.run(arguments, on: database, attempt: ""), result.succeeded,
      let beads = try? BdOutput.beads(result.standardOutput)
    else {
      try Task.checkCancellation()
      return nil
    }
    await knowledge.note("--flat", isKnown: true, on: database)
    return beads
  }

  /// Remembers whether a list may have been cut short.
  private func doubt(_ listing: BdListing, rows: Int, result: CommandResult, on database: BeadDatabase) async {
    let subject = BdBeadStore.subject(listing, database)
    let isCut = BdWording.says(.cut, result.complaint)
    guard isCut || Self.usualLimits.contains(rows) else { return memory.remark(nil, about: subject) }
    let filters = listing.filters.joined(separator: " ")
    let what =
      isCut
      ? "'bd list \(filters)' has \(rows) beads of \(database.path), and says that there are more"
      : "'bd list \(filters)' has exactly \(rows) beads of \(database.path), where some versions of bd end a list"
    let remedy =
      "Compare with 'bd list \(filters) --limit \(rows + 1)', and install another version of bd if there are more"
    memory.remark(
      "\(what), so the list may be incomplete: \(await knowledge.version(on: database)). \(remedy)",
      about: subject)
  }

  /// Why a bead that is not in the last list of this kind may be there all the same.
  func doubt(_ listing: BdListing, on database: BeadDatabase) -> String? {
    memory.remark(about: BdBeadStore.subject(listing, database))
  }

  private static func subject(_ listing: BdListing, _ database: BeadDatabase) -> String {
    "\(database.path) \(listing.filters.joined(separator: " "))"
  }
}
