// SPDX-License-Identifier: Apache-2.0

package import ArgumentParser
import CommandSupport

/// `gt`.
package struct GTCommand: AsyncParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "gt",
    abstract: "Manages a Gas Town: AI coding agents, side by side in tmux.",
    discussion: """
      The town is the one that contains the current directory, else $GT_TOWN_ROOT, else ~/gt; --town names another.

        gt session check              does every agent run that should?
        gt session start RIG/NAME     start an agent
        gt session crashes            which agents died, and why?
        gt why RIG/NAME               why is the agent in its state, and what comes next?
        gt daemon status              does the daemon work?
        gt daemon logs                what has happened?

      Exit status: 0 success; 1 failure, or a problem was found; 3 the daemon is not running; 64 wrong usage; \
      69 required data could not be read; 74 the output could not be written; 78 the settings cannot be used.
      """,
    version: Product.version,
    subcommands: [
      AgentCommand.self, DaemonGroup.self, DoctorCommand.self, EventsCommand.self, MailCommand.self,
      PolecatCommand.self, RigCommand.self,
      SessionCommand.self, TownCommand.self, WhyCommand.self,
    ])

  package init() {}
}
