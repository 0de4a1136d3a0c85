// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Glibc

@Suite struct ProcessEnderTests {
  @Test func thoseThatListenAreOnlyAsked() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("sleep 100 & tell child $!; wait", in: directory) { process in
        let child = try await TestProcess.identity("child", in: directory)
        let outcome = try await ProcessEnder().end(process, grace: .seconds(30))
        // The shell may have another child, that tells the pid.
        #expect(outcome.asked.contains(child) && outcome.asked.last == process)
        #expect(outcome.killed == [])
        #expect(outcome.succeeded)
      }
    }
  }

  @Test func thoseThatDoNotAreKilledAfterTheGrace() async throws {
    try await TemporaryDirectory.with { directory in
      // A child in a session of its own, as agents make them, which ignores what it is asked.
      let script = """
        trap '' TERM HUP INT
        setsid sh -c 'trap "" TERM HUP; echo $$ > child.new; mv child.new child; while :; do sleep 1; done' &
        tell ready; while :; do sleep 1; done
        """
      try await TestProcess.with(script, in: directory) { process in
        _ = try await TestProcess.identity("ready", in: directory)
        let child = try await TestProcess.identity("child", in: directory)
        let start = ContinuousClock.now
        let outcome = try await ProcessEnder().end(process, grace: .milliseconds(300))
        #expect(ContinuousClock.now - start >= .milliseconds(300))
        #expect(outcome.killed.contains(process) && outcome.killed.contains(child))
        #expect(outcome.succeeded)
        #expect(!ProcessTable().isRunning(child))
      }
    }
  }

  @Test func aStoppedProcessIsEndedByAsking() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("exec sleep 100", in: directory) { process in
        try Signals.send(SIGSTOP, to: process)
        try await eventually("a stop") { ProcessTable().status(process.pid)?.state == "T" }
        let outcome = try await ProcessEnder().end(process, grace: .seconds(30))
        #expect(outcome.killed == [] && outcome.succeeded)
      }
    }
  }

  @Test func whatIsGoneIsLeftAlone() async throws {
    let own = try #require(ProcessTable().identity(of: getpid()))
    let outcome = try await ProcessEnder().end(
      ProcessIdentity(pid: own.pid, startTime: own.startTime + 1), grace: .seconds(1))
    #expect(outcome.asked.isEmpty && outcome.succeeded)
  }
}
