// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Processes
import TestSupport
import Tmux
import TownFiles

/// A town in a directory of its own, worked on by the built `gt` as a person runs it.
struct MailTown: Sendable {
  enum Store: String, Sendable, CaseIterable {
    case embedded, bd
  }

  let directory: TemporaryDirectory
  /// The tmux server of its agents.
  var tmux: TmuxServer?

  var root: String { directory("gt") }
  var layout: TownLayout { TownLayout(root: root) }

  /// What `gt` finds around it: nothing of ours.
  var environment: [String: String] {
    var variables = [
      "PATH": "\(directory("bin")):/usr/bin:/bin", "HOME": directory.path, "USER": "ada", "TERM": "xterm",
      "LANG": "C.UTF-8", "TMUX_TMPDIR": directory.path, "GASTOWN_TMUX_TMPDIR": directory.path,
      "XDG_RUNTIME_DIR": directory.path,
    ]
    if case .path(let path)? = tmux { variables["GT_TMUX_SOCKET"] = path }
    return variables
  }

  /// A town with one rig, `verb-al`, and a polecat in it, `deep-fix`.
  static func with(_ store: Store = .embedded, tmux: TmuxServer? = nil, _ body: (MailTown) async throws -> Void)
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let town = MailTown(directory: directory, tmux: tmux)
      directory.makeDirectory("bin")
      directory.makeDirectory("gt")
      try await town.run("ln", ["-s", builtExecutable("gt"), directory("bin/gt")])
      try await town.gt("town", "init", town.root)
      if store == .bd {
        try await town.run("ln", ["-s", builtExecutable("bd-stand-in"), directory("bin/bd")])
        try await town.run("bd", ["init", "--prefix", "gt"])
      }
      try await town.gt("rig", "add", "verb-al")
      try await town.gt("polecat", "add", "verb-al/deep-fix")
      try await body(town)
    }
  }

  @discardableResult
  func run(
    _ program: String, _ arguments: [String], variables: [String: String] = [:], input: String? = nil,
    in place: String? = nil
  ) async throws -> CommandResult {
    let environment = environment.merging(variables) { $1 }
    return try await SystemCommandRunner(environment: environment).run(
      Command(
        program, arguments, environment: environment, workingDirectory: place ?? root,
        standardInput: input.map { Array($0.utf8) }, deadline: .seconds(60)))
  }

  /// Runs `gt`, however it ends.
  func tryGT(_ words: String..., variables: [String: String] = [:], input: String? = nil, in place: String? = nil)
    async throws -> CommandResult
  {
    try await run("gt", words, variables: variables, input: input, in: place)
  }

  /// Runs `gt`; throws where it does not end with 0.
  @discardableResult
  func gt(_ words: String..., variables: [String: String] = [:], input: String? = nil, in place: String? = nil)
    async throws -> String
  {
    let result = try await run("gt", words, variables: variables, input: input, in: place)
    guard result.succeeded else { throw NotInTime(description: "gt \(words): \(result.ending) \(result.errors)") }
    return result.output
  }

  struct Message: Decodable, Equatable {
    var id: String
    var from: String
    var to: String
    var subject: String
    var body: String
    var timestamp: String
    var read: Bool
    var priority: String
    var type: String
    var thread_id: String
    var reply_to: String?
    var cc: [String]?
  }

  func inbox(_ identity: String) async throws -> [Message] {
    try JSONDecoder().decode(
      [Message].self, from: Data(try await gt("mail", "inbox", "--identity", identity, "--json").utf8))
  }

  /// What a polecat's environment says of it.
  static let polecat = ["GT_ROLE": "polecat", "GT_RIG": "verb-al", "GT_POLECAT": "deep-fix"]
}
