// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import Glibc

@Suite struct ProcessTableTests {
  private let table = ProcessTable()

  @Test func readsOurselves() throws {
    let own = try #require(table.identity(of: getpid()))
    #expect(table.isRunning(own))
    #expect(!table.isRunning(ProcessIdentity(pid: own.pid, startTime: own.startTime + 1)))
    #expect(table.environment(of: own.pid)?["PATH"] == TestEnvironment.path)
    #expect(table.arguments(of: own.pid)?.isEmpty == false)
    #expect(table.workingDirectory(of: own.pid)?.hasPrefix("/") == true)
    #expect(table.bootID()?.count == 36)
  }

  @Test func nothingIsKnownOfNobody() {
    // Above the largest pid there can be.
    let nobody: Int32 = 1 << 30
    #expect(table.status(nobody) == nil)
    #expect(table.arguments(of: nobody) == nil)
    #expect(table.environment(of: nobody) == nil)
    #expect(table.workingDirectory(of: nobody) == nil)
    #expect(table.children(of: nobody) == [])
  }

  @Test func zombieIsNotRunning() async throws {
    try await TemporaryDirectory.with { directory in
      try await TestProcess.with(TestProcess.zombie, in: directory) { parent in
        let child = try await TestProcess.identity("child", in: directory)
        try await eventually("a zombie") { table.status(child.pid)?.state == "Z" }
        #expect(!table.isRunning(child))
        #expect(table.identity(of: child.pid) == nil)
        #expect(table.status(child.pid)?.identity == child)
        #expect(table.arguments(of: child.pid) == [])
        #expect(kill(child.pid, 0) == 0)
        #expect(table.children(of: parent.pid).map(\.identity) == [child])
      }
    }
  }

  @Test func descendantsComeDeepestFirst() async throws {
    try await TemporaryDirectory.with { directory in
      let script = "sh -c 'sh -c \"echo \\$\\$ > c.new; mv c.new c; sleep 100; :\"; :' & tell b $!; wait"
      try await TestProcess.with(script, in: directory) { root in
        let middle = try await TestProcess.identity("b", in: directory)
        let leaf = try await TestProcess.identity("c", in: directory)
        let found =
          try await eventually("sleep") {
            let found = table.descendants(of: root.pid)
            // What else the script runs for a moment is none of them.
            return found.first?.name == "sleep" && found.count == 3 ? found : nil
          } as [ProcessStatus]
        #expect(found.dropFirst().map(\.identity) == [leaf, middle])
        #expect(found.dropFirst().map(\.parent) == [middle.pid, root.pid])
      }
    }
  }

  /// Where the kernel has no `children` files, every process is looked at.
  @Test func childrenAreFoundWithoutTheKernelsList() async throws {
    try await TemporaryDirectory.with { root in
      for (pid, parent) in [(10, 1), (11, 10), (12, 10), (13, 11)] {
        root.makeDirectory("\(pid)/task/\(pid)")
        let stat = "\(pid) (x) S \(parent) 1 1 0 -1 0 0 0 0 0 0 0 0 0 20 0 1 0 \(pid)00 0\n"
        TestFile.write(stat, to: root("\(pid)/stat"))
        TestFile.write(stat, to: root("\(pid)/task/\(pid)/stat"))
      }
      let table = ProcessTable(root: root.path)
      #expect(Set(table.children(of: 10).map(\.pid)) == [11, 12])
      #expect(table.descendants(of: 10).first?.pid == 13)
      #expect(table.bootID() == nil)
    }
  }

  @Test func environmentOfAnotherProcess() async throws {
    try await TemporaryDirectory.with { directory in
      let script = "A='x=y z' EMPTY= exec sleep 100"
      try await TestProcess.with(script, in: directory) { process in
        try await eventually("sleep") { table.status(process.pid)?.name == "sleep" }
        #expect(table.environment(of: process.pid)?["A"] == "x=y z")
        #expect(table.environment(of: process.pid)?["EMPTY"] == "")
        #expect(table.arguments(of: process.pid) == ["sleep", "100"])
        #expect(table.workingDirectory(of: process.pid) == directory.path)
        #expect(table.isRunning(process), "exec changes nothing of who it is")
      }
    }
  }

  @Test func noNumberOfTheKernelsEndsUs() async throws {
    try await TemporaryDirectory.with { directory in
      TestFile.write("btime \(Int64.max)\n", to: directory("stat"), mode: 0o600)
      let table = ProcessTable(root: directory.path)
      #expect(table.startOfLife(of: ProcessIdentity(pid: 7, startTime: .max)) == nil)
      #expect(table.age(of: ProcessIdentity(pid: 7, startTime: .max)) == .zero)
      // A process can make its words as long as its memory.
      directory.makeDirectory("7")
      TestFile.write("a\0", to: directory("7/cmdline"), mode: 0o600)
      #expect(table.arguments(of: 7) == ["a"])
      truncate(directory("7/cmdline"), (4 << 20) + 1)
      #expect(table.arguments(of: 7) == nil)
    }
  }
}
