// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import Glibc

@Suite("A daemon that is to end ends", .requires(executable: "tmux"), .timeLimit(.minutes(2)))
struct DaemonCrashTests {
  @Test
  func `started by hand, it leaves each signal that ends a process to the kernel, and SIGABRT ends it when stopped`()
    async throws
  {
    try await MailTown.withDaemon { town, _ in
      let pid = try #require(Int32((TestFile.text("\(town.root)/daemon/lock") ?? "").filter(\.isNumber)))
      let status = try #require(TestFile.text("/proc/\(pid)/status"))
      let line = try #require(status.split(separator: "\n").first { $0.hasPrefix("SigCgt:") })
      let caught = try #require(UInt64(line.dropFirst(7).filter { !$0.isWhitespace }, radix: 16))
      for number in [SIGQUIT, SIGABRT, SIGBUS, SIGFPE, SIGILL, SIGSEGV, SIGTRAP] {
        #expect(caught & (1 << UInt64(number - 1)) == 0, "signal \(number) is caught")
      }
      let daemon = try #require(ProcessTable().status(pid)?.identity)
      for signal in [SIGSTOP, SIGABRT, SIGCONT] { try Signals.send(signal, to: daemon) }
      #expect(try await ProcessExit.wait(forAll: [daemon], within: .seconds(30)).isEmpty)
    }
  }
}
