// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Glibc

@Suite struct ProcessExitTests {
  @Test func returnsWhenTheProcessIsKilled() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("exec sleep 100", in: directory) { process in
        let wait = Task { try await ProcessExit.wait(for: process) }
        try await Task.sleep(for: .milliseconds(50))
        try Signals.send(SIGKILL, to: process)
        try await wait.value
        #expect(!ProcessTable().isRunning(process))
      }
    }
  }

  @Test func aZombieHasEnded() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with(TestProcess.zombie, in: directory) { _ in
        let child = try await TestProcess.identity("child", in: directory)
        try await ProcessExit.wait(for: child)
        #expect(ProcessTable().status(child.pid)?.state == "Z")
        // And once more, now that it is one from the start.
        try await ProcessExit.wait(for: child)
      }
    }
  }

  @Test func returnsAtOnceForWhatIsGone() async throws {
    try await ProcessExit.wait(for: ProcessIdentity(pid: 1 << 30, startTime: 1))
    let own = try #require(ProcessTable().identity(of: getpid()))
    try await ProcessExit.wait(for: ProcessIdentity(pid: own.pid, startTime: own.startTime + 1))
  }

  @Test func cancellationEndsTheWait() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("exec sleep 100", in: directory) { process in
        let waits = (0..<50).map { _ in Task { try await ProcessExit.wait(for: process) } }
        try await Task.sleep(for: .milliseconds(20))
        for wait in waits { wait.cancel() }
        for wait in waits {
          await #expect(throws: CancellationError.self) { try await wait.value }
        }
        #expect(ProcessTable().isRunning(process))
      }
    }
  }

  @Test func whoeverIsWatchedIsSeenToLiveUntilItsEnd() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("sleep 100 & tell other $!; exec sleep 100", in: directory) { process in
        let other = try await TestProcess.identity("other", in: directory)
        let table = ProcessTable()
        #expect(table.watchedAlive()[process.pid] == nil, "nobody waits for it yet")
        let waits = [process, other].map { watched in Task { try await ProcessExit.wait(for: watched) } }
        try await eventually("both are watched") {
          let alive = table.watchedAlive()
          return alive[process.pid] == process && alive[other.pid] == other
        }
        // It becomes a zombie, as its parent does not wait for it: it has ended nevertheless.
        try Signals.send(SIGKILL, to: other)
        try await waits[1].value
        #expect(table.status(other.pid)?.state == "Z")
        #expect(table.watchedAlive()[other.pid] == nil)
        #expect(table.watchedAlive()[process.pid] == process)
        waits[0].cancel()
        _ = await waits[0].result
        #expect(table.watchedAlive()[process.pid] == nil, "it lives, and nobody waits for it any more")
        #expect(ProcessTable(root: directory.path).watchedAlive().isEmpty)
      }
    }
  }

  @Test func theEndShowsBeforeAnybodyIsTold() async throws {
    try await TemporaryDirectory.with { directory in
      let script = "for i in $(seq 20); do sleep 100 & done; tell last $!; exec sleep 100"
      try await TestProcess.with(script, in: directory) { parent in
        _ = try await TestProcess.identity("last", in: directory)
        let children =
          try await eventually("20 children") {
            let found = ProcessTable().children(of: parent.pid)
            return found.count == 20 && found.allSatisfy { $0.name == "sleep" } ? found.map(\.identity) : nil
          } as [ProcessIdentity]
        let waits = children.map { child in Task { try? await ProcessExit.wait(for: child) } }
        try await eventually("all are watched") {
          let alive = ProcessTable().watchedAlive()
          return children.allSatisfy { alive[$0.pid] == $0 }
        }
        for child in children {
          try Signals.send(SIGKILL, to: child)
          try await eventually("/proc says that it has ended") { !ProcessTable().isRunning(child) }
          #expect(ProcessTable().watchedAlive()[child.pid] == nil)
        }
        for wait in waits { await wait.value }
      }
    }
  }

  @Test func manyAreWatchedWithoutAThreadEach() async throws {
    try await TemporaryDirectory.with { directory in
      let script = "for i in $(seq 300); do sleep 100 & done; tell last $!; wait"
      try await TestProcess.with(script, in: directory) { parent in
        _ = try await TestProcess.identity("last", in: directory)
        let children =
          try await eventually("300 children") {
            let found = ProcessTable().children(of: parent.pid)
            return found.count == 300 && found.allSatisfy { $0.name == "sleep" } ? found.map(\.identity) : nil
          } as [ProcessIdentity]
        let wait = Task { try await ProcessExit.wait(forAll: children, within: .seconds(60)) }
        try await Task.sleep(for: .milliseconds(200))
        let threads = ProcessTable().threadCount(of: getpid())
        #expect(threads < 200, "\(threads) threads")
        for child in children { try Signals.send(SIGKILL, to: child) }
        let left = try await wait.value
        #expect(left == [])
      }
    }
  }

  @Test func thoseThatLiveAtTheLimitAreReturned() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("sleep 100 & tell other $!; wait", in: directory) { process in
        let other = try await TestProcess.identity("other", in: directory)
        try Signals.send(SIGKILL, to: other)
        let left = try await ProcessExit.wait(forAll: [other, process], within: .seconds(100))
        #expect(left == [], "the shell ends with its child")
        let none = try await ProcessExit.wait(forAll: [], within: .seconds(100))
        #expect(none == [])
      }
    }
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("exec sleep 100", in: directory) { process in
        let living = try await ProcessExit.wait(forAll: [process], within: .milliseconds(50))
        #expect(living == [process])
      }
    }
  }
}

extension ProcessTable {
  fileprivate func threadCount(of pid: Int32) -> Int {
    let status = TestFile.text("/proc/\(pid)/status") ?? ""
    let line = status.split(separator: "\n").first { $0.hasPrefix("Threads:") }
    return line.flatMap { Int($0.dropFirst(8).filter(\.isNumber)) } ?? 0
  }
}
