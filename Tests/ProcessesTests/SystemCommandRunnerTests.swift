// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

@Suite struct SystemCommandRunnerTests {
  private let runner = TestProcess.runner

  private func shell(_ script: String, deadline: Duration = .seconds(60)) -> Command {
    Command("sh", ["-c", script], deadline: deadline)
  }

  @Test func executablesOfThisPackageAreFound() {
    #expect(ExecutableSearch.find(builtExecutable("bd-stand-in"), path: "") != nil)
    #expect(builtExecutable("no-such-product") == "no-such-product")
  }

  @Test func endingsAndOutputs() async throws {
    let result = try await runner.run(shell("echo out; echo err >&2; exit 7"))
    #expect(result.ending == .exited(7))
    #expect(result.output == "out\n")
    #expect(result.errors == "err\n")
    #expect(try await runner.run(shell("kill -9 $$")).ending == .signalled(9))
  }

  @Test func argumentsAreNotSeenByAShell() async throws {
    let arguments = ["", "-n", "$(id)", "a b", "'", "\"", "*", "a\nb", "é"]
    let result = try await runner.run(Command("printf", ["<%s>"] + arguments, deadline: .seconds(60)))
    #expect(result.output == arguments.map { "<\($0)>" }.joined())
  }

  @Test func aMegabyteOfInputArrives() async throws {
    let bytes = (0..<(1 << 20)).map { UInt8(truncatingIfNeeded: $0 &* 31 >> 3) }
    let result = try await runner.run(Command("cat", standardInput: bytes, deadline: .seconds(60)))
    #expect(result.standardOutput == bytes)
  }

  @Test func inputThatNobodyReadsIsNoError() async throws {
    let result = try await runner.run(
      Command("true", standardInput: [UInt8](repeating: 65, count: 1 << 20), deadline: .seconds(60)))
    #expect(result.succeeded)
  }

  @Test func withoutInputThereIsAnEmptyOne() async throws {
    #expect(try await runner.run(Command("cat", deadline: .seconds(60))).standardOutput == [])
  }

  @Test func unknownNameSaysWhereItWasSought() async throws {
    let error = await #expect(throws: CommandError.self) {
      _ = try await runner.run(Command("no-such-tool", deadline: .seconds(60)))
    }
    #expect(error?.code == .notFound)
    #expect(error?.description.contains("'no-such-tool' on PATH (/usr/local/bin:/usr/bin:/bin)") == true)
    let path = await #expect(throws: CommandError.self) {
      _ = try await runner.run(Command("/no/such/tool", deadline: .seconds(60)))
    }
    #expect(path?.code == .notFound)
  }

  @Test func missingDirectoryIsNamed() async throws {
    let error = await #expect(throws: CommandError.self) {
      _ = try await runner.run(
        Command("true", workingDirectory: "/no/such/directory", deadline: .seconds(60)))
    }
    #expect(error?.code == .failedToStart)
    #expect(error?.reason.contains("/no/such/directory") == true, "\(error?.reason ?? "")")
  }

  @Test func `commands in sequence share a budget, each within its own deadline`() async throws {
    func end(of script: String) async -> CommandError.Code? {
      do { return try await runner.run(shell(script)).succeeded ? nil : .failedToStart } catch {
        return (error as? CommandError)?.code
      }
    }
    await CommandBudget.$end.withValue(.now + .milliseconds(500)) {
      for script in ["sleep 60", "sleep 60", "true"] {
        let code = await end(of: script)
        #expect(code == .deadlineExceeded)
      }
    }
    #expect(await end(of: "true") == nil)
  }

  @Test func environmentIsScrubbed() async throws {
    let withheld = Dictionary(uniqueKeysWithValues: ChildEnvironment.withheld.map { ($0, "secret") })
    let runner = SystemCommandRunner(environment: withheld.merging(["PATH": "/usr/bin:/bin", "KEPT": "1"]) { $1 })
    let output = try await runner.run(Command("env", deadline: .seconds(60))).output
    #expect(!output.contains("secret"))
    #expect(output.contains("KEPT=1\n"))
    let own = Command("env", environment: ["PATH": "/usr/bin:/bin", "B": "é\n"], deadline: .seconds(60))
    #expect(try await Set(runner.run(own).output.split(separator: "\n")) == ["PATH=/usr/bin:/bin", "B=é"])
  }

  @Test func outputAboveTheLimitIsAnError() async throws {
    let error = await #expect(throws: CommandError.self) {
      _ = try await runner.run(
        Command("yes", deadline: .seconds(60), outputLimit: 1000))
    }
    #expect(error?.code == .outputLimitExceeded)
    #expect(error?.reason.contains("1000 bytes") == true)
  }

  @Test func complaintsOfMegabytesArePassedOnInPart() async throws {
    let script = "printf beginning >&2; head -c 5000000 /dev/zero | tr '\\0' x >&2; echo end >&2; exit 3"
    let result = try await runner.run(shell(script))
    #expect(result.errors.utf8.count == 5_000_013)
    #expect(result.complaint.utf8.count < 2_100)
    #expect(result.complaint.hasPrefix("beginning") && result.complaint.hasSuffix("xend\n"))
    #expect(try await runner.run(shell("echo short >&2; exit 3")).complaint == "short")
  }

  @Test func twoHundredAtOnce() async throws {
    let outputs = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<200 {
        group.addTask { try await runner.run(shell("echo \(number)")).output }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(outputs == Set((0..<200).map { "\($0)\n" }))
  }

  @Test func theDeadlineEndsTheWholeGroup() async throws {
    try await TemporaryDirectory.with { directory in
      let script = """
        trap '' TERM; echo $$ > a
        sh -c 'trap "" TERM; echo $$ > b; while :; do sleep 1; done' & while :; do sleep 1; done
        """
      // It does not end by itself.
      let error = await #expect(throws: CommandError.self) {
        _ = try await runner.run(
          Command("sh", ["-c", script], workingDirectory: directory.path, deadline: .seconds(1)))
      }
      #expect(error?.code == .deadlineExceeded)
      try await expectGone(["a", "b"], in: directory)
    }
  }

  @Test func cancellationEndsAndReapsTheChild() async throws {
    try await TemporaryDirectory.with { directory in
      let run = Task {
        try await runner.run(
          Command(
            "sh", ["-c", "echo $$ > a; sleep 100 & echo $! > b; wait"], workingDirectory: directory.path,
            deadline: .seconds(100)))
      }
      try await eventually("both") { TestFile.text(directory("b"))?.hasSuffix("\n") == true }
      run.cancel()
      await #expect(throws: CancellationError.self) { try await run.value }
      let pid = try #require(TestFile.text(directory("a")).flatMap { Int32($0.dropLast()) })
      #expect(ProcessTable().status(pid) == nil, "reaped when the call returns")
      try await expectGone(["b"], in: directory)
    }
  }

  /// What has left the group and the session holds the pipes open; nobody waits for that.
  @Test(arguments: [true, false])
  func anEscapedGrandchildDelaysNothing(childEnds: Bool) async throws {
    try await TemporaryDirectory.with { directory in
      let script =
        "setsid sh -c 'echo $$ > a; exec sleep 600' & until [ -s a ]; do :; done; "
        + (childEnds ? "exit 0" : "while :; do sleep 1; done")
      do {
        let result = try await runner.run(
          Command(
            "sh", ["-c", script], workingDirectory: directory.path, deadline: childEnds ? .seconds(300) : .seconds(5)))
        #expect(childEnds && result.succeeded)
      } catch let error as CommandError {
        #expect(!childEnds && error.code == .deadlineExceeded)
      }
      // The call has returned, and the grandchild goes on.
      let pid = try #require(TestFile.text(directory("a")).flatMap { Int32($0.dropLast()) })
      let escaped = try #require(ProcessTable().identity(of: pid))
      _ = try await ProcessEnder().end(escaped, grace: .seconds(5))
    }
  }

  private func expectGone(_ names: [String], in directory: TemporaryDirectory) async throws {
    for name in names {
      let pid = try #require(TestFile.text(directory(name)).flatMap { Int32($0.dropLast()) })
      try await eventually("the end of \(name)") { ProcessTable().identity(of: pid) == nil }
    }
  }
}
