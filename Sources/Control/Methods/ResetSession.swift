// SPDX-License-Identifier: Apache-2.0

/// Begins an agent's restarts anew: it is no longer parked, and waits for nothing.
package struct ResetSession: ControlMethod, Hashable {
  package static let name = "ResetSession"
  package static let isIdempotent = true
  package static let definition = """
    # Begin an agent's restarts anew: no longer parked, no back-off.
    method ResetSession(town: string, session: string, who: string, why: string) -> (
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
