// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import Control
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt polecat add`.
struct PolecatAddCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "add",
    abstract: "Add a polecat: its directory (a worktree if the rig has a repository) and its bead.",
    discussion: """
      The worktree starts at origin's HEAD, which is fetched first, on its own branch polecat/NAME. If that branch has \
      commits that origin's HEAD does not have, the branch is polecat/NAME-2, and so on.
      """)
  @Argument(help: "RIG/NAME.", completion: .newPolecat)
  var polecat: String
  @Option(help: "The bead on its hook (it need not exist). Without it, the polecat is idle.")
  var hook: String?
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var options: TownOptions

  /// What was added.
  struct Added: Encodable {
    var polecat: String
    @ExplicitNull var hookBead: String?
    var directory: String
    var words: [String]

    enum CodingKeys: String, CodingKey {
      case polecat, directory, words
      case hookBead = "hook_bead"
    }
  }

  func validate() throws {
    if let hook, !BeadRules.isID(hook) { throw ValidationError("--hook: \(BeadRules.noID(hook))") }
  }

  func run() async throws {
    try await failing {
      let town = try options.open("polecat add")
      let identity = try PolecatCommand.identity(polecat, layout: town.layout)
      try await NameCollisions(town: town).check([identity])
      let store = try town.store.get()
      let directory = PolecatDirectory(town: town, identity: identity)
      let made = try await directory.make()
      do {
        _ = try await store.createAgent(identity, state: hook == nil ? .idle : .working, hook: hook)
      } catch {
        // What was just made goes again, so that the command can be repeated.
        if made.isNew { try? await directory.remove(force: true) }
        guard case .known(.some)? = (try? await store.beads([identity.bead]))?[identity.bead] else { throw error }
        throw CommandRefusal(
          "\(identity.address) exists already; to see it: gt agent show \(identity.address); to give it work: "
            + "gt agent set \(identity.address) --hook BEAD --state working")
      }
      do {
        let entry = HistoryEntry.added(at: LiveTown.wallClock(), hook: hook)
        try HistoryFiles(layout: town.layout).append([entry], to: identity.session)
      } catch {
        complain(displayable("its history was not begun: \(error)"), program: "gt")
      }
      let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment)
      if hook != nil { _ = try? await client?.call(Refresh(), deadline: .seconds(5)) }
      if json {
        return try printJSON(
          Added(
            polecat: identity.address, hookBead: hook, directory: town.layout.directory(of: identity), words: made.words
          ))
      }
      if let hook {
        print("\(identity.address) is added, with \(displayable(hook)) on its hook.")
        for words in made.words { print(displayable(words)) }
        if client == nil {
          print(
            "It is started as soon as the daemon runs: \(Remedy.command("systemctl", "--user", "enable", "--now", town.units.daemon))"
          )
        }
        return
      }
      print("\(identity.address) is added, idle and with nothing on its hook.")
      for words in made.words { print(displayable(words)) }
      print("To give it work: gt agent set \(identity.address) --hook BEAD --state working")
    }
  }
}
