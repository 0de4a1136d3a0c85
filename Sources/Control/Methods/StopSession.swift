// SPDX-License-Identifier: Apache-2.0

/// Stops an agent's session, and records that a person wanted it so: it is not started again by itself.
package struct StopSession: ControlMethod, Hashable {
  package static let name = "StopSession"
  package static let isIdempotent = true
  package static let definition = """
    # Stop an agent's session and keep it stopped.
    method StopSession(town: string, session: string, who: string, why: string) -> (
      outcome: string,
      changed: bool,
      pid: ?int
    )
    """

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
