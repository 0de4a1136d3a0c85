// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import Tmux
import TownFiles

/// tmux 3.3a to 3.6 ends with a segmentation fault, and every agent with it, at ordinary commands of anybody while a
/// control-mode client is attached to the server (tmux#5243). So the daemon keeps none.
@Suite(
  "The tmux server outlives what others do on it while the daemon is at work",
  .requires(executable: "tmux"), .timeLimit(.minutes(4)))
struct ServerSurvivalTests {
  /// Each on a session `p` of two windows, of which the first has two panes.
  private static let lists: [[[String]]] = [
    [["select-window", "-t", "=p:1"], ["kill-session", "-t", "=p"]],
    [["select-window", "-t", "=p:1"], ["kill-window", "-t", "=p:1"], ["kill-window", "-t", "=p:0"]],
    [["new-window", "-t", "=p:", "sleep 1000"], ["kill-session", "-t", "=p"]],
    [["new-window", "-t", "=p:", "sleep 1000"], ["kill-window", "-t", "=p:"], ["kill-session", "-t", "=p"]],
    [["kill-window", "-t", "=p:0"], ["kill-session", "-t", "=p"]],
    [["kill-window", "-t", "=p:0"], ["kill-window", "-t", "=p:1"]],
    [["kill-pane", "-t", "=p:0.0"], ["kill-session", "-t", "=p"]],
    [["kill-pane", "-t", "=p:0.0"], ["kill-pane", "-t", "=p:0.0"], ["kill-pane", "-t", "=p:1.0"]],
    [["new-window", "-k", "-t", "=p:0", "sleep 1000"], ["kill-session", "-t", "=p"]],
    [
      ["new-window", "-k", "-t", "=p:0", "sleep 1000"], ["kill-window", "-t", "=p:0"], ["kill-window", "-t", "=p:1"],
    ],
    [["next-window", "-t", "=p"], ["kill-session", "-t", "=p"]],
    [["next-window", "-t", "=p"], ["kill-window", "-t", "=p:1"], ["kill-window", "-t", "=p:0"]],
  ]

  @Test func `lists of commands that end a session, and all processes of one at once`() async throws {
    let prepare: (MailTown) async throws -> Void = { town in
      TestFile.write(#"{"agents": {"default": {"command": ["sleep", "1000"]}}}"#, to: town.layout.settings)
    }
    try await MailTown.withDaemon(prepare: prepare) { town, tmux in
      try await town.gt("session", "start", "verb-al/deep-fix")
      try await town.gt("daemon", "beat")
      let agents = try await tmux.client.panes().panes.filter { !$0.isDead }
      #expect(agents.contains { $0.session == "gt-verb-al-deep-fix" })
      for commands in Self.lists {
        try await person(on: tmux)
        try await tmux.tmux(TmuxArgument.words(of: commands))
        try await expectAlive(tmux, agents, after: "\(commands)")
      }
      for _ in 0..<8 {
        try await person(on: tmux)
        let processes = try await tmux.client.panes().panes.filter { $0.session == "p" }
          .compactMap { ProcessTable().identity(of: $0.pid) }
        #expect(processes.count == 3)
        for process in processes { try Signals.send(9, to: process) }
        try await eventually("the end of the session") {
          try await tmux.client.panes().panes.allSatisfy { $0.session != "p" }
        }
        try await expectAlive(tmux, agents, after: "the end of all its processes at once")
      }
      // The daemon has been at work all the time.
      try await town.gt("daemon", "beat")
      #expect(try await tmux.client.attachments().clients == [])
    }
  }

  /// A session of a person's, which goes with its processes as on a person's server.
  private func person(on tmux: TmuxFixture) async throws {
    let start = try await tmux.tmux([
      "new-session", "-d", "-s", "p", "sleep 1000", ";", "set-option", "-w", "-t", "=p:0", "remain-on-exit", "off", ";",
      "split-window", "-d", "-t", "=p:0", "sleep 1000", ";", "new-window", "-d", "-t", "=p:1", "sleep 1000", ";",
      "set-option", "-w", "-t", "=p:1", "remain-on-exit", "off",
    ])
    #expect(start.succeeded, "\(start.errors)")
  }

  private func expectAlive(_ tmux: TmuxFixture, _ agents: [Pane], after what: String) async throws {
    let listing = try await tmux.client.panes()
    try #require(listing.identity == tmux.identity, "the server is gone after \(what)")
    for agent in agents { #expect(listing.panes.contains { $0.id == agent.id && $0.pid == agent.pid }) }
  }
}
