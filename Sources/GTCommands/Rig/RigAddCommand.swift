// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import Commands
internal import GastownDaemon
internal import Supervision
internal import Town
internal import TownFiles

/// `gt rig add`.
struct RigAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(commandName: "add", abstract: "Add a project to the town.")
  @Argument(help: "The rig's name: letters, digits, '_' and '-'.")
  var name: String
  @Option(help: ArgumentHelp("The repository that its polecats work on.", valueName: "url"))
  var git: String?
  @OptionGroup var options: TownOptions

  func run() async throws {
    try await failing {
      let town = try options.open("rig add")
      try TownName.checkRig(name)
      let registry = RigRegistry(layout: town.layout)
      guard try !registry.rigs().contains(where: { $0.name == name }) else {
        throw CommandRefusal("a rig named \(name) is registered already")
      }
      try await NameCollisions(town: town).check([.witness(rig: name), .refinery(rig: name)])
      let directory = town.layout.path(name)
      guard !Disk.exists("\(directory)/mayor/rig") || git == nil else {
        throw CommandRefusal("\(directory)/mayor/rig is there already; move it away, or add the rig without --git")
      }
      for part in ["polecats", "crew", "witness", "refinery"] { try Disk.makeDirectory("\(directory)/\(part)") }
      if let git { try await clone(git, to: "\(directory)/mayor/rig", town: town) }
      try registry.add(name, git: git, at: LiveTown.wallClock())
      print("The rig \(name) is added. Next: gt polecat add \(name)/NAME")
    }
  }

  private func clone(_ url: String, to path: String, town: OpenTown) async throws {
    complain("cloning \(displayable(url)) …", program: "gt")
    try Disk.makeDirectory(Disk.parent(of: path))
    var environment = ChildEnvironment.scrubbed(town.environment)
    environment["GIT_TERMINAL_PROMPT"] = "0"
    let command = Command(
      "git", ["clone", "--quiet", "--", url, path], environment: environment, deadline: .seconds(1_800))
    let result = try await town.runner.run(command)
    guard result.succeeded else { throw CommandRefusal("git clone failed: \(result.complaint)") }
  }
}
