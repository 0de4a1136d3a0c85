// SPDX-License-Identifier: Apache-2.0

package import Commands

/// `systemctl --user`, for the few things that are asked of it.
package struct Systemctl: Sendable {
  private let runner: any CommandRunner

  package init(runner: any CommandRunner) { self.runner = runner }

  /// What systemctl refused, in its own words.
  package struct Failure: Error, CustomStringConvertible {
    package var description: String
  }

  package func state(of unit: String) async throws -> UnitState {
    UnitState(properties: try await run(["show", "-p", "ActiveState,Result,ExecMainStatus,MainPID", unit]))
  }

  /// - Returns: what it printed.
  /// - Throws: ``Failure``; `CommandError` where it did not end in time.
  @discardableResult
  package func run(_ arguments: [String], deadline: Duration = .seconds(90)) async throws -> String {
    let command = Command("systemctl", ["--user"] + arguments, deadline: deadline)
    let result = try await runner.run(command)
    guard result.succeeded else {
      let reason = result.complaint.split(separator: "\n").joined(separator: "; ")
      throw Failure(description: "\(command.summary): \(reason.isEmpty ? "it failed without a message" : reason)")
    }
    return result.output
  }
}
