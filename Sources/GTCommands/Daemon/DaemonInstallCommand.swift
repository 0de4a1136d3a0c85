// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Glibc
import Processes
import Town
import TownFiles

/// `gt daemon install`.
struct DaemonInstallCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "install", abstract: "Write the systemd user units for this town.",
    discussion: """
      Writes the units to ~/.config/systemd/user. They name the gastown-daemon beside this gt, this town, and a PATH \
      on which the agents' commands, bd, git and tmux are found. Starts nothing, but prints the command to type.

      Agents that another tool has started on your own tmux server stay there. If they exist and the settings name \
      no server, this writes "tmux_socket": "default" into mayor/daemon.json and prints a notice. Stop the original \
      daemon first.

      A second town gets instances of the templates gastown-daemon@.service and so on, named after the town's path. \
      This is automatic if the plain units belong to another town; otherwise use --instance. Every gt command finds \
      the units of its town.
      """)

  @Flag(help: "Write the units to the runtime directory, which is lost at the next boot.")
  var runtime = false
  @Option(
    help: ArgumentHelp(
      "The tmux server for the town's agents: a path, a name, or default for your own. Written to mayor/daemon.json.",
      valueName: "server"))
  var tmuxSocket: String?
  @Flag(help: "Write instances of the templates, even if no other town has the plain units.")
  var instance = false
  @OptionGroup var options: TownOptions

  func validate() throws {
    if let tmuxSocket, !HomeServer.isAddress(tmuxSocket) {
      throw ValidationError("--tmux-socket takes an absolute path, a name, or default")
    }
  }

  func run() async throws {
    try await failing {
      let layout = try options.layout()
      let town = try options.open(
        "daemon install", units: instance ? TownUnits(instanceOf: layout) : nil, needsSettings: true)
      try OriginalDaemonGuard.check(town.layout)
      let search = CommandSearch(town: town)
      let units = UnitFiles(
        daemon: try Self.daemonExecutable(), tmux: try search.required("tmux"), town: town.layout.root,
        path: search.path, tmuxDirectory: town.environment["TMUX_TMPDIR"], names: town.units)
      if let defect = units.defect { throw Unwritable(description: defect) }
      if town.units.instance != nil, let plain = TownUnits.plainTown(environment: town.environment),
        plain != town.layout.root
      {
        print("gastown-daemon.service belongs to the town \(displayable(plain)); this town has \(town.units.daemon).")
      }
      try await HomeServer.settle(town, option: tmuxSocket)
      let directory = TownUnits.unitDirectory(town.environment, isRuntime: runtime)
      for (name, text) in units.rendered { try Disk.write(Array(text.utf8), to: "\(directory)/\(name)") }
      print("The units are in \(directory).")
      for missing in search.missing { print("Not found on PATH: \(missing). Install it, then run this again.") }
      do {
        try await Systemctl(runner: town.runner).run(["daemon-reload"], deadline: .seconds(30))
      } catch {
        throw Unreadable(description: "the units are written, but the user manager did not read them: \(error)")
      }
      let enable =
        ["systemctl", "--user", "enable"] + (runtime ? ["--runtime"] : []) + ["--now", town.units.shortName]
      print("To start the daemon now and at every login:  \(enable.map(Remedy.quoted).joined(separator: " "))")
      if !runtime, !Self.lingers { print("To keep it running after logout:             loginctl enable-linger") }
    }
  }

  /// The daemon that came with this `gt`.
  private static func daemonExecutable() throws -> String {
    guard let own = Disk.canonical("/proc/self/exe") else {
      throw Unreadable(description: "/proc/self/exe cannot be read")
    }
    let path = "\(Disk.parent(of: own))/gastown-daemon"
    guard ExecutableSearch.find(path, path: "") != nil else {
      throw Unreadable(description: "\(path) is missing: gastown-daemon belongs beside gt")
    }
    return path
  }

  private static var lingers: Bool {
    guard let entry = getpwuid(getuid()), let name = entry.pointee.pw_name else { return false }
    return Disk.exists("/var/lib/systemd/linger/\(String(cString: name))")
  }
}

/// What cannot be written into a unit.
struct Unwritable: Error, CustomStringConvertible {
  var description: String
}

/// Where the programs are that a town needs, as the person's own shell finds them.
struct CommandSearch: Sendable {
  private let own: String
  /// A `PATH` for services: the directories in which the programs were found, then the usual ones.
  let path: String
  /// Programs that were not found.
  let missing: [String]

  init(town: OpenTown) {
    own = town.environment["PATH"] ?? "/usr/local/bin:/usr/bin:/bin"
    let programs =
      AgentIdentity.Role.allCases.compactMap { town.settings.agent($0).command.first } + ["bd", "git", "tmux"]
    var directories: [String] = []
    var missing: [String] = []
    for program in programs where !program.contains("/") {
      if let found = ExecutableSearch.find(program, path: own) {
        directories.append(Disk.parent(of: found))
      } else if program != "bd" || Disk.isDirectory(town.layout.beads) {
        missing.append(program)
      }
    }
    let home = town.environment["HOME"].map { ["\($0)/.local/bin"] } ?? []
    var seen: Set<String> = []
    path = (home + directories + ["/usr/local/bin", "/usr/bin", "/bin"]).filter { seen.insert($0).inserted }
      .joined(separator: ":")
    var said: Set<String> = []
    self.missing = missing.filter { said.insert($0).inserted }
  }

  func required(_ program: String) throws -> String {
    guard let found = ExecutableSearch.find(program, path: own) else {
      throw Unreadable(description: "no '\(program)' on PATH (\(own))")
    }
    return found
  }
}
