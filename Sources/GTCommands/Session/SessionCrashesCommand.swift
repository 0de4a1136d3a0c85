// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt session crashes`.
struct SessionCrashesCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "crashes", abstract: "List the reports on agents' deaths, the newest first.",
    discussion: """
      Reads the reports (capsules) in daemon/crashes, whether or not the daemon is running. To show one: \
      gt session crash ID.
      """)

  @Argument(help: "Only this agent's: RIG/NAME, NAME inside its rig, RIG/witness, deacon, mayor.", completion: .agent)
  var agent: String?
  @Option(name: [.customShort("n"), .long], help: "The maximum number of reports.")
  var number = 20
  @Flag(help: "Print JSON, with the full content of the capsules.")
  var json = false
  @OptionGroup var options: TownOptions

  func validate() throws {
    guard (1...CapsuleShelf.countLimit).contains(number) else {
      throw ValidationError("A number of capsules is 1 to \(CapsuleShelf.countLimit).")
    }
  }

  func run() async throws {
    try await failing {
      let layout = try options.layout(using: "session crashes")
      let capsules = CrashCapsules(layout: layout)
      var found: [CrashCapsule] = []
      for id in try ids(of: capsules, layout: layout) where found.count < number {
        do throws(TownFileError) {
          found.append(try capsules.read(id))
        } catch  where error.code == .missing {
          // It has just been given up for a newer one.
        } catch {
          complain(displayable("\(error)"), program: "gt")
        }
      }
      if json { return try printJSON(["crashes": found]) }
      guard !found.isEmpty else { return print("No crashes.") }
      let table =
        [["ID", "WHEN", "AGENT", "HOW", "LAST WORDS"]]
        + found.map {
          [displayable($0.id), LocalTime.text($0.seenAt), displayable($0.agent), $0.how, $0.epitaph.last ?? "-"]
        }
      print(TextTable.lines(table).joined(separator: "\n"))
    }
  }

  /// The capsules that are asked for. An agent that the town has no longer may have left some.
  private func ids(of capsules: CrashCapsules, layout: TownLayout) throws -> [String] {
    let ids = try capsules.ids()
    guard let agent else { return ids }
    do {
      let session = try AddressBook(layout: layout).agent(agent, in: TownOptions.currentRig(layout)).session
      return ids.filter { CrashCapsule.session(ofID: $0) == session }
    } catch let error as AddressError {
      let rigs = try RigRegistry(layout: layout).rigs().map(\.name)
      let sessions = Set(Roster(rigs: rigs).candidates(address: agent).map(\.session)).union([agent])
      let left = ids.filter { CrashCapsule.session(ofID: $0).map(sessions.contains) == true }
      guard !left.isEmpty else { throw error }
      return left
    }
  }
}
