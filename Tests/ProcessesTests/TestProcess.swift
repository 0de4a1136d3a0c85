// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport

/// Shell scripts as processes of a test, which tell their pids through files.
struct TestProcess {
  static let runner = SystemCommandRunner(environment: ["PATH": "/usr/local/bin:/usr/bin:/bin", "HOME": "/"])

  /// Runs `script` in a shell until `body` is done with it; then it is ended if it still lives. In the
  /// script, `tell NAME` writes the pid of the last background process, or its own, to a file.
  static func with(
    _ script: String, in directory: TemporaryDirectory, _ body: (ProcessIdentity) async throws -> Void
  ) async throws {
    let prelude = "tell() { echo \"${2:-$$}\" > $1.new; mv $1.new $1; }; tell self; "
    let run = Task {
      try await runner.run(
        Command("sh", ["-c", prelude + script], workingDirectory: directory.path, deadline: .seconds(120)))
    }
    do {
      try await body(try await identity("self", in: directory))
    } catch {
      run.cancel()
      _ = try? await run.value
      throw error
    }
    run.cancel()
    _ = try? await run.value
  }

  /// A script whose process becomes the parent of a zombie, and tells the pid of that as `child`.
  static let zombie = """
    sh -c 'while [ "$(cat /proc/$PPID/comm)" != sleep ]; do sleep 0.01; done; exit 3' &
    tell child $!; exec sleep 100
    """

  /// The process whose pid was told under `name`.
  static func identity(_ name: String, in directory: TemporaryDirectory) async throws -> ProcessIdentity {
    let pid =
      try await eventually("the pid of \(name)") {
        TestFile.text(directory(name)).flatMap { Int32($0.filter { $0 != "\n" }) }
      } as Int32
    guard let status = ProcessTable().status(pid) else { throw NotInTime(description: "\(name) is gone") }
    return status.identity
  }
}
