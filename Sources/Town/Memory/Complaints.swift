// SPDX-License-Identifier: Apache-2.0

/// What the journal was last told to be wrong, so that it is told once and not with every turn.
package struct Complaints: Sendable {
  package enum Subject: Sendable, Hashable {
    case heartbeat, crashReports, history, tenure, confinement
    /// A lifecycle request that waits: by the id of its message, or by the agent's session.
    case request(String)
    /// An agent, by its session, that could not be told to begin.
    case begin(String)
    /// A remark about crash reports that were given up.
    case remark(String)
  }

  private var told: [Subject: String] = [:]

  package init() {}

  /// Notes a reason. Returns whether it is another one than was told last of this subject.
  package mutating func isNew(_ reason: String, about subject: Subject) -> Bool {
    told.updateValue(reason, forKey: subject) != reason
  }

  /// Notes a reason. Returns whether none was told of this subject: the words of a failure may differ each time.
  package mutating func isFirst(_ reason: String, about subject: Subject) -> Bool {
    told.updateValue(reason, forKey: subject) == nil
  }

  /// The subject is well: the next reason is told.
  package mutating func clear(_ subject: Subject) { told[subject] = nil }

  /// Forgets all but these subjects.
  package mutating func keep(where isKept: (Subject) -> Bool) { told = told.filter { isKept($0.key) } }
}
