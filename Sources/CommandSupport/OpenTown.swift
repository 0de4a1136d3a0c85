// SPDX-License-Identifier: Apache-2.0

package import Beads
package import Commands
import Processes
package import Supervision
package import Town
package import TownFiles
import Trust

/// A town with its settings and its bead store: what the daemon and `gt` both begin with.
package struct OpenTown: Sendable {
  package let layout: TownLayout
  package let settings: TownSettings
  /// Of the settings file when it was read.
  package let settingsStamp: SettingsStamp
  /// What is wrong with the settings file, where the town was opened nevertheless; the settings are those that can be used.
  package let settingsFault: TownFileError?
  package let environment: [String: String]
  package let runner: any CommandRunner
  /// The bead store, or why there is none.
  package let store: Result<any BeadStore, BeadStoreError>
  package let world: LiveTown
  /// The town's systemd units.
  package let units: TownUnits

  /// - Parameter awaitingBd: whether a `bd` that the town needs and that is missing now may come later, as a
  ///   daemon can wait for it and a command cannot.
  /// - Parameter tolerant: whether the town is opened although its settings cannot be used as a whole.
  /// - Parameter units: the town's systemd units, where they are given; else they are found.
  /// - Throws: `TownFileError` where the town or its settings cannot be read.
  package init(
    layout: TownLayout, environment: [String: String], awaitingBd: Bool = false, tolerant: Bool = false,
    units: TownUnits? = nil
  ) throws(TownFileError) {
    self.layout = layout
    self.environment = environment
    // Before it is read: a change in between is told, not missed.
    let stamp = SettingsStamp(layout)
    let usable = SettingsFile.loadUsable(layout: layout)
    if !tolerant, let fault = usable.fault { throw fault }
    settingsFault = usable.fault
    settingsStamp = stamp
    let settings = usable.settings
    let runner = SystemCommandRunner(environment: environment)
    // What its commands leave running is to outlive a daemon. A `gt` ends nothing with itself.
    let lasting: any CommandRunner =
      if awaitingBd, let manager = LiveTown.manager(environment) {
        ReleasingRunner(runner, keeper: OffspringKeeper(manager: manager))
      } else { runner }
    let store: Result<any BeadStore, BeadStoreError>
    do throws(BeadStoreError) {
      // Nothing is concluded from a store or a server that may be another one than is meant.
      if !usable.tellsPlaces, let fault = usable.fault {
        throw BeadStoreError(.unavailable, attempt: "finding the bead store", message: "\(fault)")
      }
      store = .success(
        try BeadStores.open(
          townRoot: layout.root, mode: settings.store.mode, environment: ChildEnvironment.scrubbed(environment),
          runner: lasting, deadline: settings.deadlines.bd, awaitingBd: awaitingBd,
          findExecutable: { ExecutableSearch.find($0, path: environment["PATH"] ?? "") }))
    } catch {
      store = .failure(error)
    }
    self.settings = settings
    self.runner = runner
    self.store = store
    let units = units ?? TownUnits.find(layout: layout, environment: environment)
    self.units = units
    world = LiveTown(
      layout: layout, settings: settings, store: store, runner: lasting, environment: environment,
      units: units)
  }
}

extension OpenTown {
  /// What a supervisor is given: the town, in which a debug build can be made to fail.
  package var door: any TownWorld {
    #if DEBUG
      if environment["GASTOWN_FAULT"] != nil { return FaultingTown(world) }
    #endif
    return world
  }

  /// Sees that what is remembered can be read, before anything is written over it. A file that can be
  /// read and makes no sense is another matter: it is set aside, and kept.
  ///
  /// - Throws: `TownFileError` `.unreadable`, also where another user could write it.
  package func checkRecords() throws(TownFileError) {
    try checkOwner()
    let records = TownRecords(layout: layout)
    do throws(TownFileError) {
      _ = try records.ledger()
    } catch {
      if error.code == .unreadable { throw Self.withWayOut(error) }
    }
    do throws(TownFileError) {
      _ = try records.pendingSpawns()
    } catch {
      if error.code == .unreadable { throw Self.withWayOut(error) }
    }
  }

  /// What is remembered decides what is ended and started: it must not be another user's word.
  private func checkOwner() throws(TownFileError) {
    let place = layout.path("daemon")
    do throws(PathObjection) {
      try PathTrust().checkDirectory(place)
    } catch {
      switch error.code {
      case .planted, .shared:
        throw TownFileError(
          .unreadable, path: place, reason: "another user could write what the daemon goes by: \(error)")
      // A town may belong to another user where root works in it, as in a container. What is missing is created.
      case .foreign, .link, .missing, .unreadable, .wrongKind: return
      }
    }
  }

  private static func withWayOut(_ error: TownFileError) -> TownFileError {
    TownFileError(
      error.code, path: error.path,
      reason: "\(error.reason); it is not treated as empty: make it readable, or discard its content with: "
        + "mv \(error.path) \(error.path).given-up")
  }
}

extension TownSettings.Store {
  var mode: BeadStores.Mode {
    switch self {
    case .auto: .auto
    case .bd: .bd
    case .sqlite: .sqlite
    }
  }
}
