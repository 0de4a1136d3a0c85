// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import Tmux

/// What a person has in a tmux.conf, on the server where agents are started.
@Suite("A person's tmux options do not decide over agents", .requires(executable: "tmux"))
struct PersonsOptionsTests {
  @Test func `destroy-unattached does not end the session of an agent`() async throws {
    try await withTmuxServer { tmux in
      try await tmux.tmux("set-option", "-g", "destroy-unattached", "on")
      let pane = try await tmux.create("gt-a")
      // Sessions go when a client does: that of this very call, and some more.
      for _ in 0..<3 { #expect(try await tmux.pane(pane.id)?.pid == pane.pid) }
      // It is off for this session alone.
      try await tmux.tmux("new-session", "-d", "-s", "person", "sleep 1000")
      #expect(try await tmux.sessions() == ["gt-a"])
    }
  }

  @Test func `update-environment takes nothing away that the server has for agents`() async throws {
    try await withTmuxServer { tmux in
      let witness = Witness(in: tmux.directory)
      for name in ["V_ONE", "SSH_AUTH_SOCK"] { try await tmux.tmux("set-environment", "-g", name, "kept") }
      try await tmux.tmux("set-option", "-g", "update-environment", "V_ONE SSH_AUTH_SOCK")
      try await tmux.create(
        "gt-a", ["sh", "-c", #"V_SOCKET=$SSH_AUTH_SOCK exec "$0""#, witness.path],
        environment: ["OUT": tmux.directory("out"), "V_TWO": "given"])
      let environment = try await witness.testimony("out").environment
      #expect(environment == ["V_ONE": "kept", "V_TWO": "given", "V_SOCKET": "kept"])
    }
  }

  @Test(
    arguments: [
      ("after-new-session", "split-window 'sleep 1000'"), ("after-new-session", "new-window 'sleep 1000'"),
      ("after-new-session", "new-window -t :5 'sleep 1000' ; split-window 'sleep 1000'"),
      ("session-created", "new-window 'sleep 1000'"), ("after-new-session", "display-message -p '%9 9 9 x'"),
    ])
  func `a hook that adds panes to new sessions gets neither the mark nor the agent's options`(
    hook: String, command: String
  ) async throws {
    try await withTmuxServer(remainOnExit: false) { tmux in
      try await tmux.tmux("set-option", "-g", "base-index", "3", ";", "set-option", "-g", "pane-base-index", "2")
      try await tmux.tmux("set-hook", "-g", hook, command)
      let pane = try await tmux.create("gt-a", ["sh", "-c", "sleep 0.2; exit 7"], mark: "m")
      let marked = try await tmux.client.panes().panes.filter { $0.mark != nil }
      #expect(marked.map(\.id) == [pane.id] && marked.map(\.pid) == [pane.pid])
      #expect(try await tmux.death(of: pane.id).deadStatus == 7, "it remains")
    }
  }

  @Test func `what is typed at an agent goes to no other pane, whatever synchronize-panes says`() async throws {
    try await withTmuxServer { tmux in
      try await tmux.tmux("set-option", "-g", "synchronize-panes", "on")
      let pane = try await tmux.create("gt-a", ["cat"])
      try await tmux.tmux("split-window", "-d", "-t", "\(pane.id)", "exec cat")
      let other = try #require(try await tmux.client.panes().panes.first { $0.id != pane.id })
      try await tmux.tmux("send-keys", "-t", "\(pane.id)", "for the agent", "Enter")
      try await eventually("the echo") {
        try await tmux.client.capture(panes: [PaneCapture(pane.id, lines: 5)])[pane.id]
          == ["for the agent", "for the agent"]
      }
      #expect(try await tmux.client.capture(panes: [PaneCapture(other.id, lines: 5)])[other.id] == [])
    }
  }

  @Test func `sessions that end with their last terminal are told from others`() async throws {
    try await withTmuxServer { tmux in
      try await tmux.create("gt-a")
      #expect(try await tmux.client.attachments().destroysUnattached == false)
      try await tmux.tmux("set-option", "-g", "destroy-unattached", "on")
      #expect(try await tmux.client.attachments().destroysUnattached)
      #expect(try await tmux.client.attachments().destroyedUnattached == [])
      try await withControlClient(tmux) { _ in
        // As in a session of a person's, in which an agent was adopted.
        try await tmux.tmux("set-option", "-u", "-t", "=gt-a:", "destroy-unattached")
        #expect(try await tmux.client.attachments().destroyedUnattached == ["gt-a"])
        // The way out that doctor names.
        try await tmux.tmux("set-option", "-t", "=gt-a:", "destroy-unattached", "off")
        #expect(try await tmux.client.attachments().destroyedUnattached == [])
      }
      #expect(try await tmux.client.panes().panes.map(\.session) == ["gt-a"])
    }
  }

  @Test func `who is attached is told`() async throws {
    try await withTmuxServer { tmux in
      try await tmux.create("gt-a")
      #expect(try await tmux.client.attachments().clients == [])
      #expect(try await tmux.client.attachments().exitsUnattached == false)
      try await withControlClient(tmux) { client in
        #expect(client.isControlMode && client.session == "gt-a")
        #expect(ProcessTable().status(client.pid)?.name.hasPrefix("tmux") == true)
      }
      #expect(try await tmux.client.attachments().version == tmux.client.version())
    }
  }

  /// With a control-mode client attached to `gt-a`; detached at the end, by the way out that doctor names.
  private func withControlClient(
    _ tmux: TmuxFixture, _ body: (TmuxAttachments.Client) async throws -> Void
  ) async throws {
    let script = "exec sleep 1000 | exec tmux -N -u -C \"$@\" attach-session -t =gt-a"
    let watcher = Task {
      try await SystemCommandRunner(environment: TmuxFixture.environment).run(
        Command("sh", ["-c", script, "sh"] + tmux.server.arguments, deadline: .seconds(60)))
    }
    defer { watcher.cancel() }
    let clients =
      try await eventually("a client") {
        let clients = try await tmux.client.attachments().clients
        return clients.isEmpty ? nil : clients
      } as [TmuxAttachments.Client]
    try #require(clients.count == 1)
    try await body(clients[0])
    try await tmux.tmux("detach-client", "-t", clients[0].name)
    try await eventually("its end") { try await tmux.client.attachments().clients.isEmpty }
    watcher.cancel()
    _ = try? await watcher.value
  }
}
