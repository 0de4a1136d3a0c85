// SPDX-License-Identifier: Apache-2.0

import Processes
import TestSupport
import Testing
import Glibc

/// With the kernel's own control groups, where we may make some.
@Suite(.requiresControlGroups) struct ControlGroupsControlTests {
  /// Runs `body` with a group of our own, and removes that with all that is in it.
  private func withGroup(_ body: (ControlGroups, String) async throws -> Void) async throws {
    let path = "/gastown-test-\(getpid())-\(UInt32.random(in: 0...UInt32.max))"
    let directory = "\(ControlGroups.mount)\(path)"
    try #require(mkdir(directory, 0o755) == 0)
    let groups = ControlGroups()
    let result: Result<Void, any Error>
    do { result = .success(try await body(groups, path)) } catch { result = .failure(error) }
    try? groups.kill(path)
    try await eventually("the end of the group") {
      rmdir("\(directory)/below")
      return rmdir(directory) == 0 || errno == ENOENT
    }
    try result.get()
  }

  @Test func `everything in a group is killed, and nothing else`() async throws {
    try await withGroup { groups, path in
      try await TemporaryDirectory.with { directory in
        let script = "trap '' TERM HUP; setsid sleep 100 & tell child $!; while :; do sleep 100; done"
        try await TestProcess.with(script, in: directory) { process in
          let child = try await TestProcess.identity("child", in: directory)
          mkdir("\(ControlGroups.mount)\(path)/below", 0o755)
          try groups.move(process.pid, into: path)
          try groups.move(child.pid, into: "\(path)/below")
          #expect(groups.path(of: process.pid) == path && groups.path(of: child.pid) == "\(path)/below")
          #expect(Set(groups.members(of: path) ?? []).isSuperset(of: [process.pid, child.pid]))
          try groups.kill(path)
          try await ProcessExit.wait(for: process)
          try await ProcessExit.wait(for: child)
          try await eventually("an empty group") { groups.members(of: path)?.isEmpty == true }
          #expect(ProcessTable().identity(of: getpid()) != nil)
        }
      }
    }
  }

  @Test func `a group stands still, and goes on`() async throws {
    try await withGroup { groups, path in
      try await TemporaryDirectory.with { directory in
        let script = "while :; do echo x >>ticks; sleep 0.01; done"
        try await TestProcess.with(script, in: directory) { process in
          func ticks() -> Int { TestFile.text(directory("ticks"))?.utf8.count ?? 0 }
          try groups.move(process.pid, into: path)
          try await eventually("ticks") { ticks() > 3 }
          #expect(groups.isFrozen(path) == false)
          try groups.setFrozen(true, path)
          try await eventually("it stands still") { groups.isFrozen(path) == true }
          let seen = ticks()
          #expect(ProcessTable().isRunning(process))
          try await Task.sleep(for: .milliseconds(100))
          #expect(ticks() == seen)
          try groups.setFrozen(false, path)
          try await eventually("it goes on") { groups.isFrozen(path) == false && ticks() > seen }
          // What stands still can be killed.
          try groups.setFrozen(true, path)
          try groups.kill(path)
          try await ProcessExit.wait(for: process)
        }
      }
    }
  }

  @Test func `what is no group is none, and a path leads nowhere else`() throws {
    let groups = ControlGroups()
    #expect(!groups.exists("/gastown-none") && groups.members(of: "/gastown-none") == nil)
    #expect(groups.isFrozen("/gastown-none") == nil)
    #expect(throws: ControlGroupError.self) { try groups.kill("/gastown-none") }
    #expect(throws: ControlGroupError.self) { try groups.setFrozen(true, "/../../tmp") }
    #expect(groups.members(of: "/..") == nil && !groups.exists("relative"))
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips where no control group can be made.
  fileprivate static var requiresControlGroups: Self {
    .enabled(
      if: access(ControlGroups.mount, W_OK) == 0 && ControlGroups().exists("/"),
      "no control group can be made in \(ControlGroups.mount)")
  }
}
