// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Glibc

@Suite struct ControlGroupsTests {
  @Test func `a process's group and its memory's counts are read where they are`() async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory("proc")
      for (pid, text) in [
        (1, "0::/user.slice/app\n"), (2, "4:memory:/a\n0::/b (deleted)\n"), (3, "4:memory:/a\n"), (4, "0::/\n"),
      ] {
        directory.makeDirectory("proc/\(pid)")
        TestFile.write(text, to: directory("proc/\(pid)/cgroup"), mode: 0o600)
      }
      for part in ["cgroup", "cgroup/user.slice", "cgroup/user.slice/app"] { directory.makeDirectory(part) }
      TestFile.write("oom_kill 2\n", to: directory("cgroup/user.slice/app/memory.events"), mode: 0o600)
      TestFile.write("secret", to: directory("memory.events"), mode: 0o600)
      let groups = ControlGroups(root: directory("cgroup"), table: ProcessTable(root: directory("proc")))
      #expect(groups.path(of: 1) == "/user.slice/app" && groups.path(of: 4) == "/")
      #expect(groups.path(of: 2) == nil && groups.path(of: 3) == nil && groups.path(of: 9) == nil)
      #expect(groups.memoryEvents(of: "/user.slice/app") == "oom_kill 2\n")
      #expect(groups.memoryEvents(of: "/") == nil && groups.memoryEvents(of: "/user.slice") == nil)
      #expect(groups.memoryEvents(of: "/user.slice/../..") == nil && groups.memoryEvents(of: "app") == nil)
    }
  }

  @Test func `a process's age is that of the kernel`() throws {
    let own = try #require(ProcessTable().identity(of: getpid()))
    let age = ProcessTable.age(startTime: own.startTime)
    #expect(age > .zero && age < .seconds(86_400))
    let start = try #require(ProcessTable().startOfLife(of: own))
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    #expect(abs(Int64(now.tv_sec) - age.components.seconds - start) <= 2)
  }
}
