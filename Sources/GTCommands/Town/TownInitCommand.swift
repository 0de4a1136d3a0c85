// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt town init`.
struct TownInitCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "init", abstract: "Make a directory a town.")

  @Argument(help: "The directory; it is created if it is missing.", completion: .directory)
  var directory: String

  func validate() throws {
    // Joined to the current directory, an empty word would be that directory.
    if directory.isEmpty { throw ValidationError("the directory's name is empty; for the current one: gt town init .") }
  }

  func run() async throws {
    try await failing {
      let place = directory.hasPrefix("/") ? "" : TownOptions.workingDirectory
      guard let place else {
        throw Unreadable(
          description: "the current directory was deleted: leave it (cd), or give a whole path")
      }
      let path = place.isEmpty ? directory : "\(place)/\(directory)"
      var nearest = path
      while nearest != "/", !Disk.isDirectory(nearest) { nearest = Disk.parent(of: nearest) }
      if let outer = TownLayout.town(around: Disk.canonical(nearest) ?? nearest), outer != Disk.canonical(path) {
        throw CommandRefusal(
          "\(path) is within the town \(outer), and commands there would work on either; choose a directory outside of it"
        )
      }
      try Disk.makeDirectory(path)
      guard let root = Disk.canonical(path) else { throw Unreadable(description: "\(path) cannot be resolved") }
      let layout = TownLayout(root: root)
      if Disk.exists(layout.townFile) {
        print("\(root) is a town already.")
        return
      }
      for name in ["mayor", "deacon", "daemon"] { try Disk.makeDirectory(layout.path(name)) }
      if !Disk.exists(layout.registry) {
        try Disk.writeJSON(JSONValue.object(["version": .integer(1), "rigs": .object([:])]), to: layout.registry)
      }
      let name = root.split(separator: "/").last.map(String.init) ?? "town"
      // Last, since this file is what makes it a town.
      try Disk.writeJSON(
        JSONValue.object([
          "type": .string("town"), "version": .integer(1), "name": .string(name),
          "created_at": .string(LiveTown.wallClock().description),
        ]), to: layout.townFile)
      print("\(root) is a town now. Next: gt rig add NAME --town \(root)")
    }
  }
}
