// SPDX-License-Identifier: Apache-2.0

package import Town

/// Why a turn is taken.
enum SupervisorEvent: Sendable {
  /// A caller wants a whole beat: everything read afresh.
  case beat
  /// The time has come at which some decision wanted another look, or the heartbeat is due.
  case timer
  /// Something may have changed.
  case look
  /// A process of this session's agent has ended.
  case died(session: String)
  /// A tmux server has ended.
  case serverDied
  /// The service manager wants to know whether the loop still turns.
  case watchdog
  /// A person's command; its answer is due to the holder of the ticket.
  case command(PersonCommand, ticket: Int)
  /// An effect has ended.
  case finished(job: Int, Outcome)
  /// A message has gone out, or could not be sent; the effect goes on with the next.
  case told(Notice, Outbox.Delivery)
  /// The journal has taken events, or could not. Nothing is decided because of it.
  case journalled
  /// What the journal could not take is to be given to it again.
  case tellAgain
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

  /// The longest name and the longest reason, in bytes. Both go into a hold, the ledger and the journal.
  package static let longestName = 300
  package static let longestReason = 4_000

  /// - Throws: `CommandRefusal` where a name or a reason is too long to be kept.
  package static func check(who: String, why: String?) throws {
    guard who.utf8.count <= longestName, why?.utf8.count ?? 0 <= longestReason else {
      throw CommandRefusal(
        "a name of more than \(longestName) bytes or a reason of more than \(longestReason) is not kept: use fewer words"
      )
    }
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
