// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

@testable import GTCommands

@Suite("What is not ours is handed to the next gt")
struct HandOffTests {
  static let tree = CommandTree(GTCommand.self)

  @Test(
    "Ours",
    arguments: [
      "", "help", "help prime", "--help", "-h", "--version", "--generate-completion-script bash", "mail", "mail inbox",
      "mail --help", "mail help", "mail send mayor -s x", "session check rig", "session at rig/name", "daemon status",
      "polecat add rig/name", "rig list", "agent set x --hook y", "town init here", "---completion mail -- x",
    ])
  func ours(words: String) {
    #expect(Self.tree.owns(words.split(separator: " ").map(String.init)))
  }

  @Test(
    "Handed on",
    arguments: [
      "prime", "prime --help", "hook show", "done", "sling gt-1 rig", "mail foo", "mail check --inject", "session foo",
      "polecat nuke rig/name", "rig boot x", "mail\u{1B}", "Mail inbox", "mai",
    ])
  func handedOn(words: String) {
    #expect(!Self.tree.owns(words.split(separator: " ").map(String.init)))
  }

  @Test(
    "What was meant",
    arguments: [
      ("session chekc", "session check"), ("sesion check", "session check"), ("polecat ad", "polecat add"),
      ("sessions list", "session list"), ("wy rig/toast", nil), ("prime", nil), ("hook show", nil), ("done", nil),
      ("sling gt-1 rig", nil), ("dotcor", "doctor"), ("daemon log", "daemon logs"),
    ] as [(String, String?)])
  func meant(words: String, command: String?) {
    #expect(Self.tree.nearest(to: words.split(separator: " ").map(String.init)) == command)
  }

  @Test("A command without commands below it takes any word")
  func leaf() {
    let tree = CommandTree(verbs: ["why": []])
    #expect(tree.owns(["why", "rig/name"]))
    #expect(!tree.owns(["whynot"]))
  }

  @Test("A trail counts only below the process that left it, and only for the same words")
  func trail() throws {
    let (one, two) = (FileIdentity(device: 1, inode: 2), FileIdentity(device: 3, inode: 4))
    var trail = HandOffTrail.read(nil, arguments: ["prime"], pid: 7) { _ in true }
    trail.add(one)
    trail.add(two)
    trail.add(one)
    #expect(trail.isFirst)
    let text = trail.description
    #expect(HandOffTrail.read(text, arguments: ["prime"], pid: 8) { $0 == 7 }.tried == [one, two])
    #expect(HandOffTrail.read(text, arguments: ["prime"], pid: 8) { _ in false }.tried == [])
    #expect(HandOffTrail.read(text, arguments: ["hook"], pid: 8) { _ in true }.tried == [])
    #expect(HandOffTrail.read("rubbish", arguments: ["hook"], pid: 8) { _ in true }.isFirst)
    var last = trail
    var hops = 0
    while !last.isTooLong, hops < 100 {
      last = HandOffTrail.read(last.description, arguments: ["word \(hops)"], pid: 8) { _ in true }
      hops += 1
    }
    #expect(hops < 30)
  }

  /// Another tool that bears the name: says what it was given.
  static let other = #"""
    #!/bin/sh
    printf '%s\n' "$@"
    env | grep -v '^GT_HANDED_OFF=\|^_=\|^PWD=\|^SHLVL=\|^OLDPWD=' | sort >"$HOME/env"
    exit 7
    """#

  private func runGT(
    _ words: [String], in directory: TemporaryDirectory, path: String, variables: [String: String] = [:]
  ) async throws -> CommandResult {
    let environment = ["HOME": directory.path, "PATH": path, "X": "a b$(id)"].merging(variables) { $1 }
    return try await SystemCommandRunner(environment: environment).run(
      Command(
        builtExecutable("gt"), words, environment: environment, workingDirectory: directory.path, deadline: .seconds(30)
      ))
  }

  private func link(_ directory: TemporaryDirectory, _ name: String) async throws {
    directory.makeDirectory(name)
    _ = try await SystemCommandRunner(environment: [:]).run(
      Command(
        "/bin/ln", ["-s", builtExecutable("gt"), directory("\(name)/gt")], environment: [:], deadline: .seconds(9)))
  }

  @Test("The next gt gets the very words and the environment, and its exit status is ours")
  func handedOver() async throws {
    try await TemporaryDirectory.with { directory in
      try await link(directory, "ours")
      directory.makeDirectory("theirs")
      TestFile.write(Self.other, to: directory("theirs/gt"), mode: 0o755)
      let path = "\(directory("ours")):\(directory("theirs")):/usr/bin:/bin"
      let result = try await runGT(["sling", "a b", "", "--town", "x;y"], in: directory, path: path)
      #expect(result.ending == .exited(7))
      #expect(result.output == "sling\na b\n\n--town\nx;y\n")
      #expect(TestFile.text(directory("env")) == "HOME=\(directory.path)\nPATH=\(path)\nX=a b$(id)\n")
      // An agent that a command of theirs started inherits the trail of a process that is none of its
      // ancestors.
      let again = try await runGT(
        ["sling"], in: directory, path: path, variables: ["GT_HANDED_OFF": "999999:16:0:1.1"])
      #expect(again.ending == .exited(7))
    }
  }

  @Test("Where there is no other gt, the error names the command and PATH")
  func nobody() async throws {
    try await TemporaryDirectory.with { directory in
      try await link(directory, "ours")
      let path = "\(directory("ours")):/usr/bin:/bin"
      let result = try await runGT(["prime", "x"], in: directory, path: path)
      #expect(result.ending == .exited(64))
      #expect(result.errors.contains("'prime x' is not a command of this gt"))
      #expect(result.errors.contains(path))
    }
  }

  @Test("A wrapper that calls us again ends, and a second copy of ours finds the one behind it")
  func noLoops() async throws {
    try await TemporaryDirectory.with { directory in
      try await link(directory, "ours")
      for name in ["wrapper", "copy", "theirs"] { directory.makeDirectory(name) }
      TestFile.write("#!/bin/sh\n\(builtExecutable("gt")) \"$@\"\n", to: directory("wrapper/gt"), mode: 0o755)
      let looped = try await runGT(["prime"], in: directory, path: "\(directory("wrapper")):/usr/bin:/bin")
      #expect(looped.ending == .exited(64))
      #expect(looped.errors.contains("passed on already"))

      // Each time with other words.
      TestFile.write("#!/bin/sh\n\(builtExecutable("gt")) \"$@\" x\n", to: directory("wrapper/gt"), mode: 0o755)
      let growing = try await runGT(["prime"], in: directory, path: "\(directory("wrapper")):/usr/bin:/bin")
      #expect(growing.ending == .exited(64))

      _ = try await SystemCommandRunner(environment: [:]).run(
        Command("/bin/cp", [builtExecutable("gt"), directory("copy/gt")], environment: [:], deadline: .seconds(30)))
      let copies = "\(directory("copy")):\(directory("ours"))"
      #expect(try await runGT(["prime"], in: directory, path: "\(copies):/usr/bin:/bin").ending == .exited(64))
      TestFile.write(Self.other, to: directory("theirs/gt"), mode: 0o755)
      let found = try await runGT(["prime"], in: directory, path: "\(copies):\(directory("theirs")):/usr/bin:/bin")
      #expect(found.ending == .exited(7))
    }
  }
}
