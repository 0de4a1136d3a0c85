// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

extension FuzzTarget {
  /// mayor/rigs.json: adding a rig keeps what others have written there.
  static let registry = FuzzTarget("registry") { input, town in
    town.put(input, at: town.layout.registry)
    let registry = RigRegistry(layout: town.layout)
    let rigs: [Rig]
    do {
      rigs = try registry.rigs()
    } catch is TownFileError {
      return
    }
    try promise("rigs are sorted", rigs.map(\.name), equals: rigs.map(\.name).sorted())
    let census = Census(
      rigs: rigs,
      directories: Dictionary(uniqueKeysWithValues: rigs.map { ($0.name, .init(polecats: ["toast"], crew: ["ada"])) }),
      beads: [:])
    try promise("no session has two agents", Set(census.agents.map(\.session)).count, equals: census.agents.count)
    guard !rigs.contains(where: { $0.name == "added" }) else { return }
    let before = try Disk.readValue(from: registry.path).object ?? [:]
    try registry.add("added", git: "https://example.org/a.git", at: Timestamp(seconds: 1_700_000_000))
    var after = try Disk.readValue(from: registry.path).object ?? [:]
    try promise("the rig is there", try registry.rigs().map(\.name), equals: (rigs.map(\.name) + ["added"]).sorted())
    var entries = after["rigs"]?.object ?? [:]
    entries["added"] = nil
    try promise(
      "the other rigs stay", entries.mapValues(plain), equals: (before["rigs"]?.object ?? [:]).mapValues(plain))
    after["rigs"] = before["rigs"]
    after["version"] = before["version"]
    try promise("what else is there stays", after.mapValues(plain), equals: before.mapValues(plain))
  }
}
