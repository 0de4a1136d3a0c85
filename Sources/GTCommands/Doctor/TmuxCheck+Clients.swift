// SPDX-License-Identifier: Apache-2.0

import Processes
import Tmux
import Town

/// What others do to the tmux servers that agents live on: clients that endanger them, and options that end them.
extension TmuxCheck {
  /// A control-mode client: a program that speaks to tmux, not a person's terminal.
  struct Controller: Sendable, Hashable {
    var client: TmuxAttachments.Client
    /// The program that started it, and its pid; `nil` where that cannot be told.
    var owner: String?
  }

  func clients(_ context: DoctorContext) async -> [CheckResult] {
    guard case .success(let roster) = context.roster else {
      return [.unexamined("clients", "the rigs are unknown, and so are the agents' servers")]
    }
    var findings: [CheckResult] = []
    for server in context.tmux.all {
      let panes = (try? server.listing.get())?.panes ?? []
      let agents = Set(panes.map(\.session).filter { !roster.candidates(session: $0).isEmpty })
      let isOwn = server.path == context.tmux.own.path
      // Redefined commands can hide the agents, too.
      guard !agents.isEmpty || isOwn && (try? server.listing.get())?.identity != nil else { continue }
      let client = TmuxClient(server: server.address, runner: context.runner, deadline: DoctorContext.deadline)
      do {
        let redefined = Self.judge(redefined: try await client.redefinedCommands(), server: server.path)
        findings += redefined
        guard !agents.isEmpty else { continue }
        let attachments = try await client.attachments()
        let controllers = attachments.clients.filter(\.isControlMode).map {
          Controller(client: $0, owner: Self.owner(of: $0.pid, context.processes))
        }
        let others = Self.judge(server: server.path, attachments, controllers: controllers, agents: agents)
        // What is typed at this server may do something else.
        findings += redefined.isEmpty ? others : others.filter { $0.level != .ok }.map(\.withoutRemedy)
      } catch {
        findings.append(.unexamined(server.path, "its clients cannot be listed: \(error)"))
      }
    }
    return findings
  }

  /// Says which of tmux's own commands mean something else on a server.
  static func judge(redefined commands: [(index: Int, name: String)], server: String) -> [CheckResult] {
    commands.map { index, name in
      CheckResult(
        .broken, server, "its option command-alias[\(index)] redefines tmux's own command \(displayable(name))",
        why:
          "What gt and the daemon ask of this server may be answered wrongly, or have another effect: it may show one "
          + "process for another, or type elsewhere. So may what you type yourself, and no command is given here. Any "
          + "process of yours can set this, an agent too: find out which, and have its server end with its agents.")
    }
  }

  /// Says what endangers the agents of one server.
  ///
  /// - Parameter agents: the sessions of agents there.
  static func judge(
    server: String, _ attachments: TmuxAttachments, controllers: [Controller], agents sessions: Set<String>
  ) -> [CheckResult] {
    let agents = sessions.count
    let version = attachments.version
    var findings: [CheckResult] = []
    for session in attachments.destroyedUnattached.filter(sessions.contains).sorted() {
      findings.append(
        CheckResult(
          .broken, server, "the option destroy-unattached of the session \(displayable(session)) is on",
          why: "tmux ends the session, and the agent in it, as soon as its last terminal is detached.",
          remedy: Remedy.command("tmux", "-S", server, "set-option", "-t", "=\(session):", "destroy-unattached", "off"))
      )
    }
    if attachments.exitsUnattached {
      findings.append(
        CheckResult(
          .broken, server, "its option exit-unattached is on, and \(agents) agents live there",
          why: "tmux ends, and every agent with it, as soon as the last terminal is detached.",
          remedy: Remedy.command("tmux", "-S", server, "set-option", "-s", "exit-unattached", "off")))
    }
    for controller in controllers where endsOfControl(version) {
      let client = controller.client
      let program = controller.owner.map { ", of \(displayable($0))" } ?? ""
      findings.append(
        CheckResult(
          .warning, server,
          "a control-mode client is attached (pid \(client.pid), session \(displayable(client.session))\(program)), "
            + "beside \(agents) agents",
          why: "While one is attached, tmux 3.3a to 3.6 (this is \(displayable(version))) ends with a segmentation "
            + "fault, and every agent with it, at ordinary commands such as `select-window \\; kill-session` "
            + "(tmux#5243). End the program that uses it, have it use a server of its own, or run a tmux from 3.7 on.",
          remedy: Remedy.command("tmux", "-S", server, "detach-client", "-t", client.name)))
    }
    if findings.isEmpty {
      let option =
        attachments.destroysUnattached ? "; destroy-unattached is on there, and off for the agents' sessions" : ""
      findings.append(CheckResult(.ok, server, "no client and no option endangers the agents there" + option))
    }
    return findings
  }

  /// Whether a tmux of this version ends at what it has to tell to control-mode clients. What is no release is taken
  /// for one that does.
  static func endsOfControl(_ version: String) -> Bool {
    guard let version = TmuxVersion(version) else { return true }
    return version >= TmuxVersion(major: 3, minor: 3) && version <= TmuxVersion(major: 3, minor: 6)
  }

  private static func owner(of pid: Int32, _ processes: ProcessTable) -> String? {
    guard let parent = processes.status(pid)?.parent, parent > 1, let status = processes.status(parent) else {
      return nil
    }
    return "\(status.name), pid \(parent)"
  }
}
