// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Town
import TownFiles

/// `gt why`.
struct WhyCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "why", abstract: "Explain an agent's state: the last decisions about it, and what comes next.",
    discussion: """
      Shows the decisions about the agent and their evidence, the oldest first. Then shows what would be decided \
      now, and what will happen next. Works with and without the daemon. The decisions are kept in daemon/history.

        gt why my-rig/toast
        gt why deacon -n 50
        gt session crash ID     show a capsule that is named in brackets
      """)

  @Option(name: [.customShort("n"), .long], help: "The maximum number of decisions and events.")
  var lines = 20
  @Flag(help: "Print JSON.")
  var json = false
  @OptionGroup var address: AgentAddress

  /// What `--json` prints.
  struct Answer: Encodable {
    var agent: String
    var session: String
    var daemonRunning: Bool
    var history: [HistoryEntry]
    /// What would be decided now; more than one where several rules speak.
    var now: [Judgement.Step]

    private enum CodingKeys: String, CodingKey {
      case agent, session, history, now
      case daemonRunning = "daemon_running"
    }
  }

  func validate() throws {
    guard (1...100_000).contains(lines) else { throw ValidationError("A number of lines is 1 to 100000.") }
  }

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("why")
      let answer = try await answer(agent, in: town)
      if json { return try printJSON(answer) }
      for line in WhyCommand.text(answer) { print(line) }
    }
  }

  private func answer(_ agent: AgentIdentity, in town: OpenTown) async throws -> Answer {
    let history = try HistoryFiles(layout: town.layout).entries(of: agent.session).suffix(lines)
    let daemon = await DaemonPresence.find(town)
    let explanation = await Explanation.make(world: town.world, policy: town.settings.policy)
    for failure in explanation.failures { complain(displayable(failure), program: "gt") }
    let judgements = Judgement.all(explanation, daemon: daemon, policy: town.settings.policy)
    let now = judgements.first { $0.agent == agent.address || $0.session == agent.session }
    guard let now else {
      throw Unreadable(
        description: "\(agent.address): its state is unknown: "
          + (explanation.snapshot.registryFailure ?? "it is no agent of this town"))
    }
    return Answer(
      agent: agent.address, session: agent.session, daemonRunning: daemon != .stopped, history: Array(history),
      now: now.steps)
  }

  static func text(_ answer: Answer) -> [String] {
    let entries = answer.history.map { ["\($0.time)", displayable($0.what), HistoryText.line($0)] }
    let now = answer.now.map { ["now", displayable($0.decision.what), HistoryText.line($0.decision)] }
    let next = answer.now.map { ["next", "", displayable($0.next.line)] }
    let earlier = entries.isEmpty ? ["  There are no decisions about it yet."] : []
    return ["\(answer.agent) (\(answer.session))"] + earlier
      + TextTable.lines(entries + now + next).map { "  \($0)" }
  }
}
