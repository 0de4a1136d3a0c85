// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import FoundationEssentials
import CommandSupport
import Control
import Town
import TownFiles

/// `gt daemon settings`.
struct DaemonSettingsCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "settings", abstract: "Print the settings as they are in the file, and the source of each.",
    discussion: """
      The settings are in the town's mayor/daemon.json; gastown-daemon.json(5) explains them. A running daemon goes by \
      what it has read last; where the file has changed since, that is said. To have it read again: gt daemon reload
      """)

  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  private struct Row: Encodable {
    var key: String
    var value: JSONValue
    var source: SettingsListing.Source
  }

  private struct Report: Encodable {
    var file: String
    var settings: [Row]
  }

  func run() async throws {
    try await failing {
      let town = try options.open("daemon settings", needsSettings: true)
      let path = town.layout.settings
      let file = Disk.exists(path) ? try Disk.readValue(from: path, limit: FileLimit.settings) : nil
      let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment)
      let troubles = (try? await client?.call(Status(), deadline: .seconds(5)))?.troubles ?? []
      if troubles.contains(SettingsStamp.remark(town.layout)) {
        complain(displayable(SettingsStamp.remark(town.layout)), program: "gt")
      }
      let listing = SettingsListing(
        town.settings, file: file, tmuxSocket: town.environment["GT_TMUX_SOCKET"].flatMap { $0.isEmpty ? nil : $0 })
      if json {
        let rows = listing.entries.map { Row(key: $0.key, value: $0.value, source: $0.source) }
        return try printJSON(Report(file: path, settings: rows))
      }
      print(file == nil ? "There is no \(path); these are the built-in defaults." : path)
      let width = listing.entries.map(\.key.count).max() ?? 0
      for entry in listing.entries {
        let padding = String(repeating: " ", count: width - entry.key.count)
        let source = entry.source == .builtIn ? "" : "  (\(entry.source.rawValue))"
        print("  \(entry.key)\(padding)  \(displayable(try Self.text(entry.value)))\(source)")
      }
    }
  }

  private static func text(_ value: JSONValue) throws -> String {
    if value == .null { return "-" }
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.withoutEscapingSlashes]
    return String(decoding: try encoder.encode(value), as: UTF8.self)
  }
}
