// SPDX-License-Identifier: Apache-2.0

/// What can be asked about one agent's session: each verb is a method of its own on the socket.
package protocol SessionVerb: Sendable {
  /// The method's name.
  static var name: String { get }
  static var isIdempotent: Bool { get }
}

/// Starts an agent's session; answered when the start is recorded. One that lives is left alone.
package typealias StartSession = SessionRequest<StartVerb>

/// Stops an agent's session, and records that a person wanted it so: it is not started again by itself.
package typealias StopSession = SessionRequest<StopVerb>

/// Ends an agent's session and starts it anew; never sent twice, for the second would end the new one.
package typealias RestartSession = SessionRequest<RestartVerb>

/// Begins an agent's restarts anew: it is no longer parked, and waits for nothing.
package typealias ResetSession = SessionRequest<ResetVerb>

/// A request about one agent's session.
package struct SessionRequest<Verb: SessionVerb>: ControlMethod, Hashable {
  package static var name: String { Verb.name }
  package static var isIdempotent: Bool { Verb.isIdempotent }

  package typealias Reply = SessionOutcome

  /// The agent's address.
  package var session: String
  /// Who asks: an agent's address or a person's name.
  package var who: String
  /// Why, in the asker's words; may be empty.
  package var why: String

  package init(session: String, who: String, why: String) {
    self.session = session
    self.who = who
    self.why = why
  }
}

package enum StartVerb: SessionVerb {
  package static let name = "StartSession"
  package static let isIdempotent = true
}

package enum StopVerb: SessionVerb {
  package static let name = "StopSession"
  package static let isIdempotent = true
}

package enum RestartVerb: SessionVerb {
  package static let name = "RestartSession"
  package static let isIdempotent = false
}

package enum ResetVerb: SessionVerb {
  package static let name = "ResetSession"
  package static let isIdempotent = true
}
