// SPDX-License-Identifier: Apache-2.0

/// An agent's end that has been decided and is carried out step by step, each written down before the
/// next is taken: the next daemon continues where this one stopped.
package struct LifecycleIntent: Sendable, Hashable, Codable {
  /// What has been done so far.
  package enum Step: String, Sendable, Hashable, Codable {
    /// Decided; the message that asked for it is still there.
    case claimed
    /// The message is gone; the agent's process is to be ended.
    case ending
    /// The process is gone; what was asked for is to be started.
    case ended
  }

  package var action: LifecycleAction
  /// The message that asked for it; `nil` where a person did.
  package var mail: String?
  /// Who asked: the sender, or the person.
  package var who: String
  /// The person's reason.
  package var why: String?
  package var at: Timestamp
  /// The process that is to end; `nil` where none ran.
  package var life: ProcessLife?
  /// The work that was on the agent's hook when this was decided.
  package var hook: String?
  package var step: Step
  /// What `requesting_time` in the agent's state.json was when this was decided.
  package var asked: String?
  /// The stop that a person's restart takes back, when the agent is started and not before.
  package var lifts: Hold?

  package init(
    action: LifecycleAction, mail: String?, who: String, why: String? = nil, at: Timestamp, life: ProcessLife?,
    hook: String?, step: Step, asked: String? = nil, lifts: Hold? = nil
  ) {
    self.action = action
    self.mail = mail
    self.who = who
    self.why = why
    self.at = at
    self.life = life
    self.hook = hook
    self.step = step
    self.asked = asked
    self.lifts = lifts
  }

  /// The request, as it is to be taken out of the agent's state.json.
  package var withdrawal: Withdrawal { Withdrawal(action, asked: asked, at: at) }

  /// Whether a hold is the very stop that this takes back.
  package func lifts(_ hold: Hold) -> Bool { hold.kind == .stop && hold.summary == lifts?.summary }

  /// Whether a person wants it, and not the agent itself.
  package var isPersons: Bool { mail == nil }

  /// For reasons: `ada: maintenance`.
  package var whoAndWhy: String { displayable(who) + (why.map { ": \(displayable($0))" } ?? "") }

  enum CodingKeys: String, CodingKey {
    case action, who, why, at, life, hook, step, asked, lifts
    case mail = "mail_id"
  }
}

/// An agent that was shut down on its own request: it stays down until a person starts it, or new work
/// is put on its hook.
package struct Shutdown: Sendable, Hashable, Codable {
  package var at: Timestamp
  /// The work that was on its hook, and does not start it again.
  package var hook: String?

  package init(at: Timestamp, hook: String?) {
    self.at = at
    self.hook = hook
  }

  package var summary: String { "it shut down on its own request at \(at)" }
}
