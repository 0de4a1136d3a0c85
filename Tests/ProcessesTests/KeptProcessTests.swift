// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing

#if canImport(Glibc)
  import Glibc
#endif

@Suite struct KeptProcessTests {
  @Test func `a descriptor tells of an end that nobody has seen, and ends a wait at once`() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("exec sleep 100", in: directory) { process in
        #expect(KeptProcess.hasEnded(process) == nil)
        KeptProcess.inherit(process, descriptor: try KeptProcess.open(process))
        #expect(KeptProcess.hasEnded(process) == false && ProcessTable().isRunning(process))
        try Signals.send(SIGKILL, to: process)
        try await eventually("its end") { KeptProcess.hasEnded(process) == true }
        #expect(!ProcessTable().isRunning(process))
        try await ProcessExit.wait(for: process)
        #expect(KeptProcess.hasEnded(process) == nil)
      }
    }
  }

  @Test func `whoever has the pid by now is not taken for the one that has ended`() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("sleep 100 & tell other $!; exec sleep 100", in: directory) { process in
        // A process that runs, by pid and start time, and a descriptor of one that had these before.
        let other = try await TestProcess.identity("other", in: directory)
        let descriptor = try KeptProcess.open(other)
        try Signals.send(SIGKILL, to: other)
        try await ProcessExit.wait(for: other)
        KeptProcess.inherit(process, descriptor: descriptor)
        #expect(ProcessTable().status(process.pid)?.isAlive == true)
        #expect(KeptProcess.hasEnded(process) == true && !ProcessTable().isRunning(process))
        // Without it, there are only the numbers to go by.
        KeptProcess.release(process)
        #expect(KeptProcess.hasEnded(process) == nil && ProcessTable().isRunning(process))
      }
    }
  }

  @Test func `a file in memory holds one line, however long the former was`() throws {
    let descriptor = try #require(KeptMemory.make())
    defer { close(descriptor) }
    #expect(KeptMemory.line(of: descriptor).isEmpty)
    for line in ["a long line, to begin with", "a short one", String(repeating: "x", count: 100_000)] {
      KeptMemory.write(Array(line.utf8), to: descriptor)
      #expect(String(decoding: KeptMemory.line(of: descriptor), as: UTF8.self) == line)
    }
    #expect(fcntl(descriptor, F_GETFD) & FD_CLOEXEC != 0)
    // What is no file, or was left in the middle of a line, is no reason to fall over.
    var pipes: [Int32] = [0, 0]
    #expect(pipe(&pipes) == 0)
    #expect(KeptMemory.line(of: pipes[0]).isEmpty)
    for number in pipes { close(number) }
  }
}
