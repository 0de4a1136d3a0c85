// SPDX-License-Identifier: Apache-2.0

import Town

/// Something slow that the supervisor does to the world, in a job beside its loop. A turn has decided it, and what the
/// next daemon must know of it was written down before it begins.
enum Effect: Sendable {
  /// Read the agents' beads and the Deacon's mail; and again these beads on hooks, which were over.
  case readBeads(hooks: [String])
  /// Read afresh what these starts rely on: all at once.
  case readAfresh([LaunchOrder])
  /// Read the beads on hooks.
  case readHooks([String])
  /// Clear up behind the last life, and start the agent.
  case launch(LaunchOrder, clearing: AgentRemains?)
  /// End an agent that a person has stopped, and clear up behind it.
  case end(PersonCommand, Liveness, clearing: AgentRemains?)
  /// Mark the pane of an agent that another tool has started.
  case adopt(AdoptionRule.Order)
  /// Read and look again, and write into an agent's bead that it is dead.
  case mark(MarkOrder)
  /// Take the message of a lifecycle request out of the inbox.
  case claimRequest(AgentIdentity, mail: String)
  /// End the agent of a lifecycle request, and take the request and these out of its state.json.
  case endForRequest(AgentIdentity, LifecycleIntent, Liveness, withdrawing: [Withdrawal])
  /// Take requests out of an agent's state.json.
  case withdraw([Withdrawal], of: AgentIdentity)
  /// Take messages out of the Deacon's inbox.
  case closeMail([String])
  /// Send messages, one after the other.
  case send([Notice])
  /// Run the person's command for an event.
  case announce(Announcement)
  /// Type into an agent's prompt that it is to begin.
  case begin(SpawnRule.Beginning)
  /// Write the crash reports of these deaths.
  case gather([Evidence])
  /// Put an agent into a control group of its own, and clear up in its former one.
  case confine(AgentIdentity, ProcessLife, former: AgentScope?)
  /// Set the limits of an agent's control group anew.
  case limit(AgentIdentity, AgentScope)
  /// Clear up behind a dead agent that is not started again.
  case sweep(AgentIdentity, AgentRemains)

  /// One death, with what was known of it when it was seen.
  struct Evidence: Sendable {
    var report: DeathReport
    /// The unit of its scope.
    var unit: String?
  }
}

extension Effect {
  /// What an effect means for others while it is under way.
  struct Traits: OptionSet, Sendable {
    let rawValue: Int
    /// A process of its agents is started or ended.
    static let changesProcess = Traits(rawValue: 1 << 0)
    /// The rules leave its agents alone.
    static let busy = Traits(rawValue: 1 << 1)
    static let adopts = Traits(rawValue: 1 << 2)
    /// Its agents' control groups are changed.
    static let confines = Traits(rawValue: 1 << 3)
    static let types = Traits(rawValue: 1 << 4)
    static let sends = Traits(rawValue: 1 << 5)
    static let readsBeads = Traits(rawValue: 1 << 6)
    static let closesMail = Traits(rawValue: 1 << 7)
    /// A beat that is waited for does not wait for it.
    static let outlastsBeats = Traits(rawValue: 1 << 8)
  }

  private struct Description {
    var name: String
    var traits: Traits = []
    /// The sessions that it touches; of messages the keys by which they are known.
    var keys: Set<String> = []
  }

  /// What it does, as a job that is overdue is named.
  var name: String { description.name }
  var traits: Traits { description.traits }
  var keys: Set<String> { description.keys }

  private var description: Description {
    switch self {
    case .readBeads: Description(name: "reading the beads", traits: [.readsBeads, .outlastsBeats])
    case .readAfresh(let orders):
      Description(
        name: "reading beads afresh before a start", traits: .busy, keys: Set(orders.map(\.agent.session)))
    case .readHooks: Description(name: "reading the work on hooks")
    case .launch(let order, _):
      Description(name: "starting an agent", traits: [.busy, .changesProcess], keys: [order.agent.session])
    case .end(let command, _, _):
      Description(name: "ending an agent", traits: [.busy, .changesProcess], keys: [command.agent.session])
    case .adopt(let order): Description(name: "adopting an agent", traits: .adopts, keys: [order.agent.session])
    case .mark(let order): Description(name: "marking an agent dead", traits: .busy, keys: [order.agent.session])
    case .claimRequest(let agent, _), .endForRequest(let agent, _, _, _), .withdraw(_, let agent):
      Description(
        name: "carrying out a lifecycle request", traits: [.busy, .changesProcess], keys: [agent.session])
    case .closeMail: Description(name: "taking mail out of the Deacon's inbox", traits: .closesMail)
    case .send(let notices):
      Description(name: "sending messages", traits: .sends, keys: Set(notices.map(\.repeatKey)))
    case .announce: Description(name: "telling a person's command of an event")
    case .begin(let beginning):
      Description(
        name: "telling an agent to begin", traits: [.types, .outlastsBeats], keys: [beginning.agent.session])
    case .gather: Description(name: "gathering the evidence of deaths")
    case .confine(let agent, _, _), .limit(let agent, _):
      Description(
        name: "putting an agent into a control group of its own", traits: [.confines, .outlastsBeats],
        keys: [agent.session])
    case .sweep(let agent, _):
      Description(
        name: "clearing up behind a dead agent", traits: [.confines, .outlastsBeats], keys: [agent.session])
    }
  }
}

/// What became of an effect.
enum Outcome: Sendable {
  case beadsRead(BeadReadings)
  case confirmed([LaunchOrder], [String: Reading<Bead?>])
  case hooksRead([String], [String: Reading<Bead?>])
  case launched(LaunchOrder, LaunchRule.Outcome)
  case ended(PersonCommand, EndOutcome)
  case adopted(AdoptionRule.Order, AdoptionRule.Outcome)
  case marked(MarkOrder, StaleRule.Outcome)
  /// The message of a lifecycle request is out of the inbox, or could not be taken out.
  case requestClaimed(AgentIdentity, failure: String?)
  /// What the request asked to end has ended, or could not be; and what could not be taken out of state.json then.
  case requestEnded(AgentIdentity, EndOutcome, left: [Withdrawal])
  /// What an agent's state.json asked for is taken back, or could not be.
  case requestWithdrawn(AgentIdentity, [Withdrawal], failure: String?)
  /// Why messages could not be taken out of the inbox, by id.
  case mailClosed(failures: [String: String])
  /// The messages were sent, or given up for this time; each was told of before.
  case sent
  case announced(Announcement, failure: String?)
  case begun(SpawnRule.Beginning, failure: String?)
  /// The crash reports are written. Nothing is decided because of it.
  case gathered([DeathReport], failure: String?, remarks: [String])
  /// An agent is in a control group of its own, or could not be put into one.
  case confined(AgentIdentity, ProcessLife, Reading<AgentScope>)
  /// What a dead agent has left is gone, or is not.
  case swept(AgentIdentity, AgentRemains, SweepOutcome)
}
