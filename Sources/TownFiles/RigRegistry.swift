// SPDX-License-Identifier: Apache-2.0

package import Town

/// `mayor/rigs.json`: the registered rigs. Other tools keep members of their own there, so a change
/// rewrites only what it adds.
package struct RigRegistry: Sendable {
  private let layout: TownLayout
  package var path: String { layout.registry }

  package init(layout: TownLayout) { self.layout = layout }

  /// The registered rigs in the order of their names. A town without the file has none.
  ///
  /// - Throws: ``TownFileError`` where it cannot be read: then nothing is known of any rig.
  package func rigs() throws(TownFileError) -> [Rig] {
    try members().map { name, value in
      Rig(name: name, addedAt: value.object?["added_at"]?.string.flatMap { Timestamp($0) })
    }.sorted { $0.name < $1.name }
  }

  /// Registers a rig.
  ///
  /// - Throws: ``TownFileError`` where the registry cannot be read, or already has it.
  package func add(_ name: String, git: String?, at time: Timestamp) throws(TownFileError) {
    var document = try document()
    var rigs = try members()
    guard rigs[name] == nil else {
      throw TownFileError(.malformed, path: path, reason: "a rig named \(name) is registered already")
    }
    rigs[name] = .object(["git_url": git.map { .string($0) } ?? .string(""), "added_at": .string(time.description)])
    document["version"] = document["version"] ?? .integer(1)
    document["rigs"] = .object(rigs)
    try layout.checkBounds(of: path)
    try Disk.writeJSON(JSONValue.object(document), to: path)
  }

  private func document() throws(TownFileError) -> [String: JSONValue] {
    let value: JSONValue
    do {
      value = try Disk.readValue(from: path, limit: FileLimit.registry)
    } catch  where error.code == .missing {
      return [:]
    }
    guard let document = value.object else {
      throw TownFileError(.malformed, path: path, reason: "an object is expected, not \(value.kind)")
    }
    return document
  }

  private func members() throws(TownFileError) -> [String: JSONValue] {
    let document = try document()
    switch document["rigs"] {
    case nil, .null?: return [:]
    case .object(let rigs)?: return rigs
    case let other?:
      throw TownFileError(.malformed, path: path, reason: "'rigs' must be an object, not \(other.kind)")
    }
  }
}
