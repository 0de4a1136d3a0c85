// SPDX-License-Identifier: Apache-2.0

import Glibc
import TestSupport
import Testing

@testable import Processes

@Suite(.timeLimit(.minutes(1))) struct ProcessMarksTests {
  @Test(arguments: [0, 1, 200_000, 262_120, 262_144, 262_150, 600_000])
  func `a variable is found in an environment of any length`(before: Int) async throws {
    try await TemporaryDirectory.with { directory in
      func write(_ pid: Int, _ text: String) {
        directory.makeDirectory("\(pid)")
        TestFile.write(text, to: directory("\(pid)/environ"), mode: 0o600)
      }
      let filler = before == 0 ? "" : "A=" + String(repeating: "x", count: before) + "\0"
      write(1, filler + "MARK=here\0B=1\0")
      write(2, filler + "MARK=at-the-end")
      write(3, filler + "XMARK=no\0MARKS=no\0B=MARK=no\0")
      write(4, "")
      write(5, "MARK=" + String(repeating: "y", count: 300_000) + "\0")
      directory.makeDirectory("self")
      let found = ProcessTable(root: directory.path).bearers(of: "MARK")
      #expect(found == [1: "here", 2: "at-the-end"])
    }
  }

  @Test func `a process bears what it was started with`() async throws {
    let mark = "mark-\(UInt64.random(in: 0 ... .max))"
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with("export GT_TEST_MARK=\(mark); sleep 1000 & tell child $!; wait", in: directory) {
        shell in
        let child = try await TestProcess.identity("child", in: directory)
        try await eventually("the mark") { ProcessTable().bearers(of: "GT_TEST_MARK") == [child.pid: mark] }
        #expect(ProcessTable().identity(of: shell.pid) != nil)
      }
    }
    #expect(ProcessTable(root: "/nonexistent").bearers(of: "X") == nil)
  }
}
