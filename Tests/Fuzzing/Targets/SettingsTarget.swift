// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

extension FuzzTarget {
  /// mayor/daemon.json: what is read, written out in full, is read as the same.
  static let settings = FuzzTarget("settings") { input, town in
    town.put(input, at: town.layout.settings)
    let settings: TownSettings
    do throws(TownFileError) {
      settings = try SettingsFile.load(layout: town.layout)
    } catch {
      try promise("an error names the file", error.path, equals: town.layout.settings)
      try promise("an error can be shown", isInert(error.reason))
      return
    }
    try promise("the restart limits fit", settings.policy.restart.initial <= settings.policy.restart.max)
    let file = try? Disk.readValue(from: town.layout.settings)
    let listing = SettingsListing(settings, file: file, tmuxSocket: nil)
    try promise("the listing is the settings", try TownSettings(json: listing.json), equals: settings)
  }

  /// One key is set in a person's JSON, and nothing else changes. The first line is the key, the second its value.
  static let settingsEdit = FuzzTarget("settings-edit") { input, town in
    var pieces = Pieces(input)
    let (key, value) = (text(pieces.line()), text(pieces.line()))
    let before = text(pieces.remainder())
    let path = town.put(Array(before.utf8), at: "edit.json")
    let members = (try? Disk.readValue(from: path))?.object
    let edited = SettingsEdit.setting(key, to: value, in: before)
    guard let members else { return }
    guard let edited else { throw Broken(description: "an object can be edited") }
    town.put(Array(edited.utf8), at: "edit.json")
    guard var after = (try? Disk.readValue(from: path))?.object else {
      throw Broken(description: "what comes out is no JSON: \(edited)")
    }
    try promise("the value is set", after[key], equals: .string(value))
    after[key] = members[key]
    try promise("the others stay", after, equals: members)
    try promise("twice is once", SettingsEdit.setting(key, to: value, in: edited), equals: edited)
  }
}
