// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Processes
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// What commands make of a town whose tmux server has lost its socket, and of agents that no tmux server shows.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct LostSocketCommandTests {
  private static let agent = "verb-al/deep-fix"
  private static let session = "gt-verb-al-deep-fix"

  /// Starts the polecat as a daemon would have, with a directory that has nothing to lose.
  private func start(_ town: MailTown, _ tmux: TmuxFixture) async throws -> CreatedPane {
    try await tmux.client.createSession(
      NewPane(
        session: try #require(SessionName(Self.session)), mark: try #require(PaneMark(town.layout.mark)),
        process: PaneProcess(
          directory: town.directory("gt/verb-al/polecats/deep-fix"),
          environment: ["GT_SESSION": Self.session, "GT_TOWN_ROOT": town.layout.root], argv: ["sleep", "1000"])))
  }

  private func socket(_ tmux: TmuxFixture) throws -> String {
    guard case .path(let socket) = tmux.server else { throw NotInTime(description: "no path") }
    return socket
  }

  @Test func `a running polecat is not removed, though the socket of its tmux server was`() async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        let pane = try await start(town, tmux)
        unlink(try socket(tmux))
        let refused = try await town.tryGT("polecat", "remove", Self.agent)
        #expect(!refused.succeeded && refused.errors.contains("pid \(pane.pid)"), "\(refused.errors)")
        #expect(TestFile.exists(town.directory("gt/verb-al/polecats/deep-fix")))
        #expect(ProcessTable().identity(of: pane.pid) != nil)
        #expect(try await town.gt("session", "status", Self.agent).contains("alive"))
      }
    }
  }

  @Test func `a polecat that the ledger knows to live is not removed, whatever tmux shows`() async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        // The process runs on; its server is none that could be found.
        let words = ["-c", "cd / && exec sleep 1000"]
        let variables = ["GT_SESSION": Self.session]
        let process = Task {
          try? await town.run("bash", words, variables: variables)
        }
        let pid = try await eventually("the process") {
          ProcessTable().all().first {
            $0.name == "sleep" && ProcessTable().environment(of: $0.pid)?["HOME"] == town.directory.path
          }?.identity
        }
        var ledger = Ledger()
        ledger[.polecat(rig: "verb-al", name: "deep-fix")].life = ProcessLife(
          boot: try #require(ProcessTable().bootID()), server: ServerIdentity(pid: 1, startedAt: 1), pane: "%1",
          pid: pid.pid, startTime: pid.startTime)
        try TownRecords(layout: TownLayout(root: try #require(Disk.canonical(town.root)))).write(ledger)
        for words in [["session", "status"], ["polecat", "remove"]] {
          let result = try await town.run("gt", words + [Self.agent])
          #expect("\(result.output)\(result.errors)".contains("pid \(pid.pid)"), "\(words): \(result)")
        }
        #expect(try await town.gt("session", "list").contains("pid \(pid.pid)"))
        #expect(TestFile.exists(town.directory("gt/verb-al/polecats/deep-fix")))
        TestFile.write("{", to: "\(town.root)/daemon/restarts.json")
        let unread = try await town.tryGT("polecat", "remove", Self.agent)
        #expect(!unread.succeeded && unread.errors.contains("restarts.json"), "\(unread.errors)")
        try Signals.send(9, to: pid)
        _ = await process.value
      }
    }
  }

  @Test func `doctor does not say that a server whose socket was removed is gone`() async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        _ = try await start(town, tmux)
        unlink(try socket(tmux))
        let text = try await town.tryGT("doctor").output
        #expect(!text.contains("no server runs there"), "\(text)")
        #expect(text.contains("the tmux server (pid \(tmux.identity.pid)) runs with its sessions"), "\(text)")
        // It has only looked.
        #expect(!TestFile.exists(try socket(tmux)))
        #expect(try await town.gt("session", "list").contains("alive"))
        #expect(TestFile.exists(try socket(tmux)))
      }
    }
  }

  @Test(.requiresRoot) func `doctor names the sockets of other users, with owner and mode`() async throws {
    try await withTmuxServer { tmux in
      try await MailTown.with(tmux: tmux.server) { town in
        let place = town.directory.makeDirectory("tmux-\(getuid())")
        chmod(place, 0o700)
        let other = try #require(ListeningTestSocket("\(place)/default"))
        defer { other.close() }
        chown("\(place)/default", 65_534, 65_534)
        chmod("\(place)/default", 0o660)
        let text = try await town.tryGT("doctor").output
        #expect(text.contains("\(place)/default: is left alone (owner 65534, mode 0660)"), "\(text)")
        chown(place, 65_534, 65_534)
        let again = try await town.tryGT("doctor").output
        #expect(again.contains("\(place): is left alone (owner 65534, mode 0700)"), "\(again)")
      }
    }
  }
}
