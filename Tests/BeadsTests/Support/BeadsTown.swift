// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Foundation
import Processes
import Testing

/// A town's directory for one test, gone when the test ends.
final class BeadsTown: Sendable {
  let root: String
  let runner: any CommandRunner

  /// The stand-in for `bd`, beside the test bundle.
  static let standIn = Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "bd-stand-in").path

  init() throws {
    let directory = URL.temporaryDirectory.appending(path: "beads-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: directory, withIntermediateDirectories: true)
    root = try #require(realpath(directory.path, nil).map { String(cString: $0) })
    runner = SystemCommandRunner(environment: [:])
  }

  deinit { try? FileManager.default.removeItem(atPath: root) }

  var environment: [String: String] { ["PATH": "/usr/bin:/bin", "USER": "peer", "HOME": root] }

  func path(_ relative: String) -> String { "\(root)/\(relative)" }

  func makeDirectory(_ relative: String) throws {
    try FileManager.default.createDirectory(atPath: path(relative), withIntermediateDirectories: true)
  }

  func write(_ relative: String, _ text: String) throws {
    try makeDirectory((relative as NSString).deletingLastPathComponent)
    try text.write(toFile: path(relative), atomically: false, encoding: .utf8)
  }

  func text(_ relative: String) throws -> String { try String(contentsOfFile: path(relative), encoding: .utf8) }
  func exists(_ relative: String) -> Bool { FileManager.default.fileExists(atPath: path(relative)) }

  /// Makes a database of the stand-in's in `directory`, relative to the root.
  func makeDatabase(in directory: String = ".", prefix: String = "gt") throws {
    try write("\(directory)/.beads/stand-in.json", #"{"prefix":"\#(prefix)","beads":[]}"#)
    try write("\(directory)/.beads/issues.jsonl", "")
  }

  /// A town with its own database (`gm-`) and that of a rig, to which `gt-` leads.
  func makeRoutedDatabases() throws {
    try makeDatabase(prefix: "gm")
    try makeDatabase(in: "rig01/mayor/rig", prefix: "gt")
    try write(".beads/routes.jsonl", #"{"prefix":"gt-","path":"rig01/mayor/rig"}"# + "\n")
  }

  /// Has the stand-in play another release than 0.41 from now on.
  func play(release: String, in directory: String = ".") throws {
    try write("\(directory)/.beads/stand-in-version", release)
  }

  /// How often `bd list --help` was run on one database.
  func helpCalls(in directory: String = ".") -> Int {
    ((try? text("\(directory)/.beads/stand-in-help.log")) ?? "").split(separator: "\n").count
  }

  func misbehave(_ faults: String, in directory: String = ".") throws {
    try write("\(directory)/.beads/stand-in-faults.json", faults)
  }

  func behave(in directory: String = ".") throws {
    try FileManager.default.removeItem(atPath: path("\(directory)/.beads/stand-in-faults.json"))
  }

  /// The command lines that the stand-in was given on one database.
  func calls(in directory: String = ".") -> [String] {
    ((try? text("\(directory)/.beads/stand-in-calls.log")) ?? "").split(separator: "\n").map(String.init)
  }

  func bdStore(deadline: Duration = .seconds(20), runner: (any CommandRunner)? = nil) -> BdBeadStore {
    BdBeadStore(
      townRoot: root, executable: BeadsTown.standIn, environment: environment, runner: runner ?? self.runner,
      deadline: deadline)
  }

  func sqliteStore() -> SQLiteBeadStore { SQLiteBeadStore(path: path("daemon/beads.sqlite")) }

  /// Runs the stand-in as a person would, in the town's root.
  @discardableResult
  func bd(_ arguments: [String], in directory: String? = nil, variables: [String: String] = [:]) async throws
    -> CommandResult
  {
    try await runner.run(
      Command(
        BeadsTown.standIn, arguments, environment: environment.merging(variables) { $1 },
        workingDirectory: directory ?? root, deadline: .seconds(30)))
  }
}

/// Answers every command with what it was told to, and fails on any other.
struct ScriptedRunner: CommandRunner {
  var answer: @Sendable (Command) throws -> CommandResult

  @concurrent func run(_ command: Command) async throws -> CommandResult { try answer(command) }
}
