// SPDX-License-Identifier: Apache-2.0

import Beads
import Testing

/// Every store that must behave as ``BeadStore`` says.
enum StoreKind: String, CaseIterable, CustomTestStringConvertible {
  case sqlite
  /// A town whose own database holds the agents, too.
  case bd
  /// The same, while bd's helper process answers.
  case helperBd
  /// A town whose agents live in a rig's database, and whose mail does not.
  case routedBd
  /// A town of another prefix, without routes.
  case foreignPrefixBd

  var testDescription: String { rawValue }

  func make(in town: BeadsTown) throws -> any BeadStore {
    switch self {
    case .sqlite:
      try town.makeDirectory("daemon")
      return town.sqliteStore()
    case .bd:
      try town.makeDatabase()
      return town.bdStore()
    case .helperBd:
      try town.makeDatabase()
      try town.write(".beads/stand-in-helper", "")
      return town.bdStore()
    case .routedBd:
      try town.makeRoutedDatabases()
      return town.bdStore()
    case .foreignPrefixBd:
      try town.makeDatabase(prefix: "gm")
      return town.bdStore()
    }
  }
}

extension BeadStoreError {
  /// The code of the error that `body` throws; `nil` where it throws none, or another.
  static func code(of body: () async throws -> Void) async -> Code? {
    do {
      try await body()
      return nil
    } catch {
      return (error as? BeadStoreError)?.code
    }
  }
}

extension BeadStoreError {
  /// The error that `body` throws; `nil` where it throws none, or another.
  static func thrown(by body: () async throws -> Void) async -> BeadStoreError? {
    do {
      try await body()
      return nil
    } catch {
      return error as? BeadStoreError
    }
  }
}
