// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import TownFiles

@testable import Supervision

/// The first process of an agent's pane, which waits for the agent's control group.
@Suite(.timeLimit(.minutes(1))) struct AgentGateTests {
  private let runner = SystemCommandRunner(environment: ["PATH": "/usr/bin:/bin"])
  private let gate = builtExecutable("gastown-gate")

  @Test func `where no group is made it becomes the command in time, with its pid and its words`() async throws {
    let start = ContinuousClock.now
    let result = try await runner.run(
      Command(
        "sh", ["-c", #"echo $$; exec "$0" 300 /usr/bin/env X=1 sh -c 'echo $$ $X "$1"' sh 'a  b'"#, gate],
        deadline: .seconds(30)))
    #expect(ContinuousClock.now - start >= .milliseconds(300))
    let lines = result.output.split(separator: "\n").map(String.init)
    #expect(lines.count == 2 && lines[1] == "\(lines[0]) 1 a  b" && result.succeeded)
  }

  @Test func `what cannot be run ends as a shell says it`() async throws {
    let missing = try await runner.run(Command(gate, ["0", "/nonexistent"], deadline: .seconds(30)))
    #expect(missing.ending == .exited(127) && missing.errors.contains("/nonexistent"))
    #expect(try await runner.run(Command(gate, ["0"], deadline: .seconds(30))).ending == .exited(64))
  }

  @Test func `it is found beside our programs as they were built, and where they are installed`() async throws {
    #expect(AgentGate.path == Disk.canonical(gate))
    try await TemporaryDirectory.with { directory in
      for part in ["usr/bin", "usr/libexec/gastown", "build"] { directory.makeDirectory(part) }
      #expect(AgentGate.find(besides: directory("usr/bin/gt")) == nil)
      for place in ["usr/libexec/gastown/gastown-gate", "build/gastown-gate"] {
        TestFile.write("#!/bin/sh\n", to: directory(place), mode: 0o755)
      }
      #expect(AgentGate.find(besides: directory("usr/bin/gt")) == directory("usr/libexec/gastown/gastown-gate"))
      #expect(AgentGate.find(besides: directory("build/gt")) == directory("build/gastown-gate"))
    }
  }
}
