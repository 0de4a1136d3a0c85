// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// What one store has seen of `bd`'s lists, and what is to be said of them. A later answer that contradicts them is no
/// answer.
final class BdMemory: Sendable {
  private struct State {
    /// By database and kind, the ids of the last list.
    var listed: [BeadDatabase: [BdListing: Set<String>]] = [:]
    /// By what each is about.
    var remarks: [String: String] = [:]
  }

  /// The most remarks that are kept: of more beads than that the first say it all.
  private static let mostRemarks = 50

  private let state = Mutex(State())

  /// What a person should know of what `bd` has answered.
  var remarks: [String] { state.withLock { $0.remarks.values.sorted() } }

  func note(_ listing: BdListing, _ ids: some Sequence<String>, on database: BeadDatabase) {
    state.withLock { $0.listed[database, default: [:]][listing] = Set(ids) }
  }

  /// Those of `ids` that the last lists had, by the list.
  func listings(of ids: [String], on database: BeadDatabase) -> [BdListing: [String]] {
    state.withLock { state in
      (state.listed[database] ?? [:]).mapValues { listed in ids.filter(listed.contains) }.filter { !$0.value.isEmpty }
    }
  }

  /// Some of what the last list of this kind had.
  func sample(of listing: BdListing, on database: BeadDatabase) -> [String] {
    state.withLock { Array(($0.listed[database]?[listing] ?? []).sorted().prefix(3)) }
  }

  /// Replaces what is said of something; `nil` takes it back.
  func remark(_ text: String?, about subject: String) {
    state.withLock { state in
      if text != nil, state.remarks[subject] == nil, state.remarks.count >= BdMemory.mostRemarks { return }
      state.remarks[subject] = text
    }
  }

  /// What is said of something.
  func remark(about subject: String) -> String? { state.withLock { $0.remarks[subject] } }

  /// Takes back what was said of beads that are listed and shown.
  func agree(on ids: [String]) {
    state.withLock { state in
      guard !state.remarks.isEmpty else { return }
      for id in ids { state.remarks[id] = nil }
    }
  }
}
