// SPDX-License-Identifier: Apache-2.0

/// Ends an agent's session and starts it anew; never sent twice, for the second would end the new one.
package struct RestartSession: ControlMethod, Hashable {
  package static let name = "RestartSession"
  package static let isIdempotent = false
  package static let definition = """
    # End an agent's session and start it anew.
    method RestartSession(town: string, session: string, who: string, why: string) -> (
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
