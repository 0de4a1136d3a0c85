// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandSupport

/// `gt`.
package struct GTCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "gt",
    abstract: "Looks after a Gas Town: AI coding agents, side by side in tmux.",
    discussion: """
      The town is the one in whose directory you stand, else $GT_TOWN_ROOT, else ~/gt; --town names another.

        gt session check              is everybody up who should be?
        gt session start RIG/NAME     start an agent
        gt session crashes            who died, of what, and with which last words?
        gt why RIG/NAME               why is it as it is, and what comes next?
        gt daemon status              how is the supervisor?
        gt daemon logs                what has happened?

      Exit status: 0 as it should be; 1 not; 3 the daemon does not run; 64 wrong usage; 69 what was needed \
      could not be read; 78 the settings cannot be used.
      """,
    version: Product.version,
    subcommands: [
      AgentCommand.self, DaemonGroup.self, DoctorCommand.self, EventsCommand.self, MailCommand.self,
      PolecatCommand.self, RigCommand.self,
      SessionCommand.self, TownCommand.self, WhyCommand.self,
    ])

  package init() {}
}
