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
  /// Later releases; see Tests/bd-stand-in/Release.swift.
  case bd042 = "bd 0.42"
  case bd051 = "bd 0.51"
  case bd058 = "bd 0.58"
  case bd059 = "bd 0.59"
  case bd102 = "bd 1.0.2"
  case bd105 = "bd 1.0.5"
  case bd105Envelope = "bd 1.0.5 envelope"
  case bd105Silent = "bd 1.0.5 silent"

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
    case .bd042, .bd051, .bd058, .bd059, .bd102, .bd105, .bd105Envelope, .bd105Silent:
      try town.makeDatabase()
      try town.play(release: String(rawValue.dropFirst(3)))
      return town.bdStore()
    }
  }

  /// Whether times are kept in whole seconds: two writes may then bear the same.
  var keepsSeconds: Bool { rawValue.hasPrefix("bd ") && self != .bd042 }
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
