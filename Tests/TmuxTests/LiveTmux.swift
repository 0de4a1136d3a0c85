// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Tmux

/// Short ways to say what the tests with a real tmux say often.
extension TmuxFixture {
  @discardableResult
  func create(
    _ session: String, _ argv: [String] = ["sleep", "1000"], mark: String = "mark", directory: String = "/",
    environment: [String: String] = [:]
  ) async throws -> CreatedPane {
    try await client.createSession(
      NewPane(
        session: try #require(SessionName(session)), mark: try #require(PaneMark(mark)),
        process: PaneProcess(directory: directory, environment: environment, argv: argv)))
  }

  func pane(_ id: PaneID) async throws -> Pane? {
    try await client.panes().panes.first { $0.id == id }
  }

  func sessions() async throws -> [String] {
    try await client.panes().panes.map(\.session).sorted()
  }

  /// Waits until a pane's process has ended and tmux has told how, which it may have to be asked to.
  func death(of id: PaneID) async throws -> Pane {
    try await eventually("the death of \(id)") {
      if let server = ProcessTable().identity(of: identity.pid) { try Signals.send(17, to: server) }
      return try await pane(id).flatMap { $0.isDead && !$0.endIsUnknown ? $0 : nil }
    }
  }
}

/// A program that writes its arguments, the variables of which the names begin with `V_`, and its
/// directory to a file, all as they are, and stays.
struct Witness {
  let directory: TemporaryDirectory
  private static let script = """
    #!/bin/sh
    { for a in "$@"; do printf '%s\\0' "$a"; done; } > "$OUT.arguments"
    cp /proc/$$/environ "$OUT.environment"
    readlink -n /proc/$$/cwd > "$OUT.directory"
    : > "$OUT"; exec sleep 1000
    """

  init(in directory: TemporaryDirectory) {
    self.directory = directory
    TestFile.write(Self.script, to: path, mode: 0o755)
  }

  var path: String { directory("witness") }

  struct Testimony {
    var arguments: [String]
    var environment: [String: String]
    var directory: String
  }

  /// What the program wrote that was started with `OUT` being the file `name`.
  func testimony(_ name: String) async throws -> Testimony {
    try await eventually("testimony of \(name)") { TestFile.exists(directory(name)) }
    func strings(_ suffix: String) -> [String] {
      (TestFile.bytes(directory(name + suffix)) ?? []).split(separator: 0, omittingEmptySubsequences: false)
        .dropLast().map { String(decoding: $0, as: UTF8.self) }
    }
    let variables = strings(".environment").filter { $0.hasPrefix("V_") }.map { entry in
      let equals = entry.firstIndex(of: "=") ?? entry.endIndex
      return (String(entry[..<equals]), String(entry[entry.index(after: equals)...]))
    }
    return Testimony(
      arguments: strings(".arguments"), environment: Dictionary(uniqueKeysWithValues: variables),
      directory: TestFile.text(directory(name + ".directory")) ?? "")
  }
}
