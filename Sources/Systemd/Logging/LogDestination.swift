// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Where the log goes.
package enum LogDestination: Sendable, Hashable {
  /// The journal's own socket: fields are kept.
  case journal
  /// Lines on standard error, which the journal reads: only the priority is kept.
  case prefixedLines
  /// Lines on standard error, for a person.
  case lines(colours: Bool)

  /// Where the journal's own socket is.
  package static let journalSocket = "/run/systemd/journal/socket"

  /// Chooses by what standard error is: only where it is the journal's stream does the log go to the
  /// journal, for `JOURNAL_STREAM` is inherited by processes whose output goes elsewhere.
  package static func choose(
    _ environment: ServiceEnvironment,
    noColour: Bool,
    isTerminal: Bool = isatty(STDERR_FILENO) == 1,
    journalSocket: String = LogDestination.journalSocket
  ) -> LogDestination {
    guard environment.isStandardErrorJournal else { return .lines(colours: isTerminal && !noColour) }
    return access(journalSocket, W_OK) == 0 ? .journal : .prefixedLines
  }
}
