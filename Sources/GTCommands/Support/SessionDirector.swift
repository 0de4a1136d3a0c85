// SPDX-License-Identifier: Apache-2.0

import Control
import CommandSupport
import Logging
import Supervision
import Systemd
import Town
import TownFiles

/// Has a person's command carried out: by the daemon where one runs, else here, under the same lock and
/// by the same supervisor.
struct SessionDirector: Sendable {
  let town: OpenTown

  /// How long an agent's end, a worktree's refresh and a start may take together.
  private static let deadline: Duration = .seconds(120)

  func carryOut(_ verb: PersonCommand.Verb, _ agent: AgentIdentity, why: String?) async throws -> CommandOutcome {
    if let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) {
      return try await ask(client, verb, agent, why: why)
    }
    if verb != .stop, let fault = town.settingsFault {
      throw TownFileError(
        fault.code, path: fault.path, reason: "no agent is started by settings with a fault: \(fault.reason)")
    }
    let command = PersonCommand(verb, agent: agent, who: TownOptions.person, why: why)
    let output = LogOutput(destination: .lines(colours: false), identifier: "gt")
    let logger = Logger(label: "gt") { _ in output.handler(level: .error) }
    do {
      let outcome = try await LocalSupervision.with(town, mode: .commands, logger: logger) { supervisor in
        try await supervisor.carryOut(command)
      }
      await output.flush()
      return outcome
    } catch let error as TownFileError where error.code == .held {
      // A daemon came up just now.
      return try await ask(
        ControlSocket.client(layout: town.layout, environment: town.environment), verb, agent, why: why)
    }
  }

  private func ask(
    _ client: ControlClient, _ verb: PersonCommand.Verb, _ agent: AgentIdentity, why: String?
  ) async throws -> CommandOutcome {
    let (who, reason) = (TownOptions.person, why ?? "")
    let outcome =
      switch verb {
      case .start:
        try await client.ask(
          StartSession(session: agent.actor, who: who, why: reason), in: town.layout, deadline: Self.deadline)
      case .stop:
        try await client.ask(
          StopSession(session: agent.actor, who: who, why: reason), in: town.layout, deadline: Self.deadline)
      case .reset:
        try await client.ask(
          ResetSession(session: agent.actor, who: who, why: reason), in: town.layout, deadline: Self.deadline)
      case .restart:
        try await client.ask(
          RestartSession(session: agent.actor, who: who, why: reason), in: town.layout, deadline: Self.deadline)
      }
    return CommandOutcome(text: outcome.outcome, changed: outcome.changed, pid: outcome.pid)
  }
}
