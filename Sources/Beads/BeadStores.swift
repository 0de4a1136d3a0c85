// SPDX-License-Identifier: Apache-2.0

package import Commands
import Town

/// Chooses a town's bead store.
package enum BeadStores {
  /// The setting `beads` of `mayor/daemon.json`.
  package enum Mode: String, Sendable, Hashable, CaseIterable, Codable {
    /// `bd` where the town has `.beads`, the embedded store where it has not.
    case auto
    case bd
    case sqlite
  }

  /// The store of the town at `townRoot`, without opening it: nothing is made, nothing is run.
  ///
  /// - Parameters:
  ///   - townRoot: absolute.
  ///   - environment: for `bd`; its `PATH` is what an error names as searched.
  ///   - deadline: for each run of `bd`, and each operation on the embedded store.
  ///   - awaitingBd: whether a `bd` that is missing now may come later. Until then nothing can be read.
  ///   - findExecutable: the absolute path of a program, by its name; called before each run of `bd`.
  /// - Throws: `unavailable` where the town needs `bd` and there is none: the embedded store would
  ///   be empty, and an empty store reads like a town without work.
  package static func open(
    townRoot: String, mode: Mode = .auto, environment: [String: String], runner: any CommandRunner,
    deadline: Duration = .seconds(20), awaitingBd: Bool = false,
    findExecutable: @escaping @Sendable (String) -> String?
  ) throws(BeadStoreError) -> any BeadStore {
    let attempt = "choosing the bead store of \(townRoot)"
    let embedded = SQLiteBeadStore(path: "\(townRoot)/daemon/beads.sqlite", deadline: deadline)
    if mode == .sqlite { return embedded }

    let directory = "\(townRoot)/.beads"
    let kind: SmallFile.Kind
    do throws(SmallFile.Failure) {
      kind = try SmallFile.kind(of: directory)
    } catch {
      throw BeadStoreError(.unavailable, attempt: attempt, message: error.description)
    }
    switch kind {
    case .missing where mode == .auto: return embedded
    case .missing:
      throw BeadStoreError(
        .unavailable, attempt: attempt, message: "\(directory) is missing, and the settings ask for bd")
    case .regular, .other:
      throw BeadStoreError(.unavailable, attempt: attempt, message: "\(directory) is not a directory")
    case .directory: break
    }
    guard awaitingBd || findExecutable("bd") != nil else {
      throw BeadStoreError(
        .unavailable, attempt: attempt,
        message: "\(directory) is there, so the town's beads are bd's, but "
          + BdClient.missing(environment: environment))
    }
    return BdBeadStore(townRoot: townRoot, environment: environment, runner: runner, deadline: deadline) {
      findExecutable("bd")
    }
  }
}
