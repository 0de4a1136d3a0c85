// SPDX-License-Identifier: Apache-2.0

package import Town

/// Why a turn is taken.
enum SupervisorEvent: Sendable {
  /// Somebody wants a whole beat: everything read afresh.
  case beat
  /// The time has come at which some decision wanted another look, or the heartbeat is due.
  case timer
  /// Somebody says that something may have changed.
  case look
  /// A process of this session's agent has ended.
  case died(session: String)
  /// A tmux server has ended.
  case serverDied
  /// The service manager wants to know whether the loop still turns.
  case watchdog
  case command(PersonCommand, CommandTicket)
  case beadsRead(job: Int, BeadReadings)
  case confirmed(job: Int, [LaunchOrder], [String: Reading<Bead?>])
  case launched(job: Int, LaunchOrder, LaunchRule.Outcome)
  case marked(job: Int, MarkOrder, StaleRule.Outcome)
  case adopted(job: Int, AdoptionRule.Order, AdoptionRule.Outcome)
  case hooksRead(job: Int, [String], [String: Reading<Bead?>])
  case ended(job: Int, PersonCommand, EndOutcome)
  /// The message of a lifecycle request is out of the inbox, or could not be taken out.
  case requestClaimed(job: Int, AgentIdentity, failure: String?)
  /// What the request asked to end has ended, or could not be.
  case requestEnded(job: Int, AgentIdentity, EndOutcome)
  /// What an agent's state.json asked for is taken back, or could not be.
  case requestWithdrawn(job: Int, AgentIdentity, failure: String?)
  case mailClosed(job: Int, failures: [String: String])
  case told(job: Int, Notice, failure: String?)
  case announced(job: Int, Announcement, failure: String?)
  case begun(job: Int, SpawnRule.Beginning, failure: String?)
  /// The capsules of deaths are written. Nothing is decided because of it.
  case gathered(job: Int, [DeathReport], failure: String?)
  /// An agent is in a control group of its own, or could not be put into one.
  case confined(job: Int, AgentIdentity, ProcessLife, Reading<AgentScope>)
  /// What a dead agent has left is gone, or is not.
  case swept(job: Int, AgentIdentity, AgentScope, SweepOutcome)
  case stop
}

/// What a person wants of one agent.
package struct PersonCommand: Sendable, Hashable {
  package enum Verb: String, Sendable, Hashable { case start, stop, restart, reset }

  package var verb: Verb
  package var agent: AgentIdentity
  package var who: String
  package var why: String?

  package init(_ verb: Verb, agent: AgentIdentity, who: String, why: String? = nil) {
    self.verb = verb
    self.agent = agent
    self.who = who
    self.why = why
  }
}

/// What became of a person's command.
package struct CommandOutcome: Sendable, Hashable {
  package var text: String
  /// Whether anything was done; `false` where it was so already.
  package var changed: Bool
  /// The agent's process where it runs now.
  package var pid: Int32?

  package init(text: String, changed: Bool, pid: Int32? = nil) {
    self.text = text
    self.changed = changed
    self.pid = pid
  }
}

/// A person's command that was not carried out, and why.
package struct CommandRefusal: Error, Sendable, Hashable, CustomStringConvertible {
  package var description: String
  package init(_ description: String) { self.description = description }
}

/// Where the answer to a command goes.
struct CommandTicket: Sendable {
  let continuation: CheckedContinuation<CommandOutcome, any Error>
}
