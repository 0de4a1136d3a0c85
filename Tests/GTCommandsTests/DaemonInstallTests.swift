// SPDX-License-Identifier: Apache-2.0

import Commands
import CommandSupport
import Processes
import TestSupport
import Testing
import Tmux
import Town
import TownFiles

/// `gt daemon install` in a town whose agents another tool has started, with a systemctl that only agrees.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(2))) struct DaemonInstallTests {
  private static let text = "{\n    \"beads\" : \"sqlite\",\n\n    \"checks\": {\"stale\": \"15m\"}\n}\n"

  private func withTown(_ body: (GTTown) async throws -> Void) async throws {
    try await GTTown.with { town in
      let bin = town.directory.makeDirectory("bin")
      TestFile.write("#!/bin/sh\nexit 0\n", to: "\(bin)/systemctl", mode: 0o755)
      try await town.gt("polecat", "add", "rig/toast")
      TestFile.write(Self.text, to: town.layout.settings)
      let result: Result<Void, any Error>
      do { result = .success(try await body(town)) } catch { result = .failure(error) }
      for server in [TmuxServer.default, .path(town.directory("tmux"))] {
        _ = try? await tmux(town, server, ["kill-server"])
      }
      try result.get()
    }
  }

  private func tmux(_ town: GTTown, _ server: TmuxServer, _ words: [String]) async throws -> CommandResult {
    try await town.run("tmux", ["-u", "-f", "/dev/null"] + server.arguments + words)
  }

  private func raise(_ town: GTTown, on server: TmuxServer, in directory: String = "rig/polecats/toast") async throws {
    let words = ["new-session", "-d", "-s", "gt-rig-toast", "-c", "\(town.root)/\(directory)", "sleep", "1000"]
    let result = try await tmux(town, server, words)
    try #require(result.succeeded, "\(result.errors)")
  }

  private func install(_ town: GTTown, _ words: String..., variables: [String: String] = [:]) async throws
    -> CommandResult
  {
    let path = "\(town.directory("bin")):\(TmuxFixture.environment["PATH"] ?? "")"
    return try await town.run(
      ["daemon", "install"] + words, variables: ["PATH": path].merging(variables) { $1 })
  }

  private func hasUnits(_ town: GTTown) -> Bool {
    TestFile.exists(town.directory("home/.config/systemd/user/gastown-daemon.service"))
  }

  @Test func `agents on the person's own server stay there, and the rest of the file as it is`() async throws {
    try await withTown { town in
      try await raise(town, on: .default)
      let first = try await install(town)
      #expect(first.succeeded, "\(first.errors)")
      #expect(first.output.contains("rig/toast") && first.output.contains(#""tmux_socket": "default""#))
      let expected = Self.text.replacing(
        "{\n    \"beads\"", with: "{\n    \"tmux_socket\": \"default\",\n    \"beads\"")
      #expect(TestFile.text(town.layout.settings) == expected && hasUnits(town))
      #expect(try town.open().settings.tmuxSocket == "default")
      // Again is no change, and nothing to say.
      let second = try await install(town)
      #expect(second.succeeded && !second.output.contains("tmux_socket"))
      #expect(TestFile.text(town.layout.settings) == expected)
      // A person knows better.
      let third = try await install(town, "--tmux-socket", "/srv/tmux")
      #expect(third.succeeded && third.output.contains("/srv/tmux"))
      #expect(TestFile.text(town.layout.settings) == expected.replacing(#""default""#, with: #""/srv/tmux""#))
      #expect(try await install(town).succeeded)
      #expect(try town.open().settings.tmuxSocket == "/srv/tmux")
    }
  }

  @Test func `without agents there nothing is written`() async throws {
    try await withTown { town in
      #expect(try await install(town).succeeded)
      // Somebody else's session of that name is none of this town's.
      try await raise(town, on: .default, in: "..")
      #expect(try await install(town).succeeded)
      #expect(TestFile.text(town.layout.settings) == Self.text && hasUnits(town))
    }
  }

  @Test func `where agents live on the town's own server that stays the town's`() async throws {
    try await withTown { town in
      try await town.gt("polecat", "add", "rig/nux")
      try await raise(town, on: .default)
      let words = ["new-session", "-d", "-s", "gt-rig-nux", "-c", "\(town.root)/rig/polecats/nux", "sleep", "1000"]
      #expect(try await tmux(town, .path(town.directory("tmux")), words).succeeded)
      #expect(try await install(town).succeeded)
      #expect(TestFile.text(town.layout.settings) == Self.text)
    }
  }

  @Test func `while the original's daemon runs nothing is written, and what stops it is said`() async throws {
    try await withTown { town in
      try await raise(town, on: .default)
      let pane = try await tmux(town, .default, ["list-panes", "-a", "-F", "#{pane_pid}"]).output.filter(\.isNumber)
      TestFile.write("\(pane)\n", to: town.layout.originalPIDFile)
      let result = try await install(town)
      #expect(result.status == 1 && result.errors.contains("kill \(pane)"), "\(result.errors)")
      #expect(TestFile.text(town.layout.settings) == Self.text && !hasUnits(town))
      TestFile.write("999999999\n", to: town.layout.originalPIDFile)
      #expect(try await install(town).succeeded && hasUnits(town))
    }
  }

  @Test(arguments: ["", "run/tmux", "./x"]) func `what is no server's address is wrong usage`(socket: String)
    async throws
  {
    try await withTown { town in
      let result = try await install(town, "--tmux-socket", socket)
      #expect(result.status == 64 && result.errors.contains("--tmux-socket"), "\(result.errors)")
      #expect(TestFile.text(town.layout.settings) == Self.text && !hasUnits(town))
    }
  }

  @Test func `a gt that lies where no unit can name it says so`() async throws {
    try await withTown { town in
      let place = town.directory.makeDirectory("it's")
      for program in ["gt", "gastown-daemon"] {
        // A link would be resolved.
        let copied = try await town.run("ln", [builtExecutable(program), "\(place)/\(program)"])
        if !copied.succeeded { try await town.copy(builtExecutable(program), to: "\(place)/\(program)") }
      }
      let path = "\(town.directory("bin")):\(TmuxFixture.environment["PATH"] ?? "")"
      let result = try await town.run("\(place)/gt", ["daemon", "install"], variables: ["PATH": path])
      #expect(result.status == 1 && result.errors.contains("systemd accepts no program"), "\(result.errors)")
      #expect(!hasUnits(town))
    }
  }
}

extension GTTown {
  fileprivate func copy(_ source: String, to target: String) async throws {
    let result = try await run("cp", [source, target])
    try #require(result.succeeded, "\(result.errors)")
  }
}
