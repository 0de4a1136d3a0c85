// SPDX-License-Identifier: Apache-2.0

/// Starts an agent's session; answered when the start is recorded. One that lives is left alone.
package struct StartSession: ControlMethod, Hashable {
  package static let name = "StartSession"
  package static let isIdempotent = true
  package static let definition = """
    # Start an agent's session; one that lives is left alone.
    method StartSession(town: string, session: string, who: string, why: string) -> (
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
