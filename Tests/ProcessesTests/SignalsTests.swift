// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Glibc

@Suite struct SignalsTests {
  @Test func reachesTheProcess() async throws {
    try await TemporaryDirectory.with { directory in
      let script = "trap 'tell got; exit 0' USR1; tell ready; while :; do sleep 0.05; done"
      try await TestProcess.with(script, in: directory) { process in
        _ = try await TestProcess.identity("ready", in: directory)
        try Signals.send(SIGUSR1, to: process)
        try await eventually("the trap") { TestFile.exists(directory("got")) }
      }
    }
  }

  /// Another process has the pid by now: nobody is signalled.
  @Test func neverReachesAnotherWithThatPid() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("exec sleep 100", in: directory) { process in
        let former = ProcessIdentity(pid: process.pid, startTime: process.startTime - 1)
        let error = #expect(throws: SignalError.self) { try Signals.send(SIGKILL, to: former) }
        #expect(error?.code == .noSuchProcess)
        try await Task.sleep(for: .milliseconds(50))
        #expect(ProcessTable().isRunning(process))
      }
    }
  }

  @Test(arguments: [-1, 0, 1, -4711, 1 << 30] as [Int32])
  func groupsAndNobodyAreRefused(pid: Int32) {
    let startTime = ProcessTable().status(pid)?.identity.startTime ?? 0
    let error = #expect(throws: SignalError.self) {
      try Signals.send(0, to: ProcessIdentity(pid: pid, startTime: startTime))
    }
    #expect(error?.code == .noSuchProcess)
  }
}
