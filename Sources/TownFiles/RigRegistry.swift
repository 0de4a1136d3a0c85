// SPDX-License-Identifier: Apache-2.0

package import Town

/// `mayor/rigs.json`: the registered rigs. Other tools keep members of their own there, so a change
/// rewrites only what it adds.
package struct RigRegistry: Sendable {
  private let layout: TownLayout
  package var path: String { layout.registry }

  package init(layout: TownLayout) { self.layout = layout }

  /// The registered rigs in the order of their names. A town without the file has none, unless it has directories of
  /// rigs.
  ///
  /// - Throws: ``TownFileError`` where it cannot be read, or is missing beside rigs: then nothing is known of any rig.
  package func rigs() throws(TownFileError) -> [Rig] {
    let members = try members()
    if members.isEmpty, !Disk.exists(path) {
      let found = directories()
      if !found.isEmpty {
        throw TownFileError(
          .missing, path: path,
          reason: "the file is missing, and \(listed(found)): put it back, or register each again: "
            + "gt rig add \(displayable(found[0]))")
      }
    }
    return members.map { name, value in
      Rig(name: name, addedAt: value.object?["added_at"]?.string.flatMap { Timestamp($0) })
    }.sorted { $0.name < $1.name }
  }

  /// The names that are registered; none where the file is missing, whatever there is beside it.
  package func registered() throws(TownFileError) -> Set<String> { Set(try members().keys) }

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

  /// The directories of the town that look like rigs, by name: with agents' directories of two kinds, or a bare
  /// repository.
  private func directories() -> [String] {
    let names = (try? Disk.names(in: layout.root)) ?? []
    return names.sorted().filter { name in
      guard (try? TownName.checkRig(name)) != nil else { return false }
      let parts = ["polecats", "crew", "witness", "refinery"]
      return Disk.exists(layout.path("\(name)/.repo.git"))
        || parts.count { Disk.isDirectory(layout.path("\(name)/\($0)")) } > 1
    }
  }

  private func listed(_ names: [String]) -> String {
    let shown = names.prefix(5).map { displayable($0) }.joined(separator: ", ") + (names.count > 5 ? ", …" : "")
    return names.count == 1 ? "there is a rig \(shown)" : "there are rigs \(shown)"
  }

  /// Directories that look like rigs and are not registered, by name.
  package func unregistered() throws(TownFileError) -> [String] {
    let members = try members()
    return directories().filter { members[$0] == nil }
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
