// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Glibc
import Supervision
import Town
import TownFiles

/// `gt rig add`.
struct RigAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a project to the town.")
  @Argument(help: "The rig's name: letters, digits, '_' and '-'.")
  var name: String
  @Option(
    help: ArgumentHelp(
      "The repository that its polecats work on. For a local working copy, its origin becomes the rig's, and the copy "
        + "becomes the remote 'local'.", valueName: "url"))
  var git: String?
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("rig add")
      try TownName.checkRig(name)
      let registry = RigRegistry(layout: town.layout)
      guard try !registry.registered().contains(name) else {
        throw CommandRefusal("a rig named \(name) is registered already")
      }
      try await NameCollisions(town: town).check([.witness(rig: name), .refinery(rig: name)])
      let directory = town.layout.path(name)
      guard !Disk.exists("\(directory)/mayor/rig") || git == nil else {
        throw CommandRefusal("\(directory)/mayor/rig is there already; move it away, or add the rig without --git")
      }
      let isNew = !Disk.exists(directory)
      for part in ["polecats", "crew", "witness", "refinery"] { try Disk.makeDirectory("\(directory)/\(part)") }
      var origin = git
      if let git {
        do {
          origin = try await RigClone(runner: town.runner, environment: town.environment)
            .make(from: git, at: "\(directory)/mayor/rig")
        } catch {
          // Nothing is left of a rig that is none. What was there before stays.
          if isNew {
            for part in ["polecats", "crew", "witness", "refinery", "mayor", ""] { rmdir("\(directory)/\(part)") }
          }
          throw error
        }
      }
      try registry.add(name, git: origin, at: LiveTown.wallClock())
      let repository = RigGit(town: town, rig: name)
      if git != nil, try await repository.line("rev-parse", "--verify", "--quiet", "HEAD^{commit}") == nil {
        print(
          "The rig \(name) is added. Its repository has no commit yet: polecats can be added as soon as origin has one."
        )
        return
      }
      print("The rig \(name) is added. Next: gt polecat add \(name)/NAME")
      let others = try registry.unregistered()
      if !others.isEmpty {
        print(
          "Not registered, although there are directories of theirs: \(others.map { displayable($0) }.joined(separator: ", "))"
        )
      }
    }
  }
}
