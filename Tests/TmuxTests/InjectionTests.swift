// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Tmux

/// Whatever words a process is given, it gets these, and nothing else happens.
@Suite(.requires(executable: "tmux")) struct InjectionTests {
  static let words = [
    "", "-x", "--", ";", "a;", "a\\;", "a;b", ";;", "\\;", "\\", "a\\", "#{pid}", "#(touch pwned)", "#[x]", "##", "#{",
    "$(touch pwned)", "`touch pwned`", "$HOME", "~", "{", "}", "'", "\"", "a\nb", "\n", "%1", "=gt-a", "a b", "*", "|",
    "&", "> pwned", "é\u{A0}❯", "\u{1B}[31m", "\u{7F}", "\t", "!x", "kill-server", "; kill-server",
  ]

  /// Names that a directory can have.
  static let names = words.filter { !$0.isEmpty && $0 != "~" && !$0.contains("/") } + ["###[y]#{pid}", "#,#}", "%H"]

  @Test func argumentsAndVariables() async throws {
    try await withTmuxServer { tmux in
      let witness = Witness(in: tmux.directory)
      let variables = Dictionary(uniqueKeysWithValues: Self.words.enumerated().map { ("V_\($0)", $1) })
      let environment = variables.merging(["OUT": tmux.directory("new")]) { $1 }
      let pane = try await tmux.create(
        "gt-a", [witness.path] + Self.words, directory: tmux.directory.path, environment: environment)
      let first = try await witness.testimony("new")
      #expect(first.arguments == Self.words)
      #expect(first.environment == variables)
      #expect(first.directory == tmux.directory.path)

      let again = variables.merging(["OUT": tmux.directory("again")]) { $1 }
      _ = try await tmux.client.replaceLiveProcess(
        of: pane.id,
        with: PaneProcess(directory: tmux.directory.path, environment: again, argv: [witness.path] + Self.words))
      let second = try await witness.testimony("again")
      #expect(second.arguments == Self.words)
      #expect(second.environment == variables)
      #expect(second.directory == tmux.directory.path)
      let sessions = try await tmux.sessions()
      #expect(sessions == ["gt-a"])
      #expect(!TestFile.exists(tmux.directory("pwned")))
    }
  }

  @Test func eachWordAlone() async throws {
    try await withTmuxServer { tmux in
      let witness = Witness(in: tmux.directory)
      for (number, word) in Self.words.enumerated() {
        try await tmux.create(
          "gt-\(number)", [witness.path, word], directory: tmux.directory.path,
          environment: ["OUT": tmux.directory("\(number)"), "V_": word])
      }
      for (number, word) in Self.words.enumerated() {
        let testimony = try await witness.testimony("\(number)")
        #expect(testimony.arguments == [word])
        #expect(testimony.environment == ["V_": word])
      }
      #expect(!TestFile.exists(tmux.directory("pwned")))
    }
  }

  @Test func directories() async throws {
    try await withTmuxServer { tmux in
      let witness = Witness(in: tmux.directory)
      for (number, name) in Self.names.enumerated() {
        let directory = tmux.directory.makeDirectory("d/\(name)")
        let pane = try await tmux.create(
          "gt-\(number)", [witness.path], directory: directory, environment: ["OUT": tmux.directory("new\(number)")])
        #expect(try await witness.testimony("new\(number)").directory == directory)
        let elsewhere = PaneProcess(directory: "/", argv: ["sleep", "1000"])
        _ = try await tmux.client.replaceLiveProcess(of: pane.id, with: elsewhere)
        let back = PaneProcess(
          directory: directory, environment: ["OUT": tmux.directory("again\(number)")], argv: [witness.path])
        _ = try await tmux.client.replaceLiveProcess(of: pane.id, with: back)
        #expect(try await witness.testimony("again\(number)").directory == directory)
        #expect(!TestFile.exists("\(directory)/pwned"))
      }
      #expect(!TestFile.exists(tmux.directory("pwned")) && !TestFile.exists(tmux.directory("d/pwned")))
    }
  }

  /// Sessions and options of other people, as bad as they can be.
  @Test func othersCannotSpoilAListing() async throws {
    try await withTmuxServer { tmux in
      let ours = try await tmux.create("gt-a", mark: "m")
      try await tmux.tmux("new-session", "-d", "-s", "we ird|x\ny%*[ |1|", "sleep 1000")
      let other = try #require(try await tmux.client.panes().panes.first { $0.session != "gt-a" })
      try await tmux.tmux("set-option", "-p", "-t", "\(other.id)", "@gastown", "\(other.id):a|b\n%7|1|2")
      try await tmux.tmux("set-option", "-g", "-w", "@gastown", "\(ours.id):m")
      let panes = try await tmux.client.panes().panes
      #expect(panes.count == 2)
      #expect(panes.first { $0.id == ours.id }?.mark?.token == "m")
      #expect(panes.first { $0.id == other.id }?.mark == nil)
      for pane in [ours.id, other.id] { try await tmux.tmux("set-option", "-p", "-u", "-t", "\(pane)", "@gastown") }
      #expect(try await tmux.pane(other.id)?.mark == nil, "the global value is another pane's")
    }
  }
}
