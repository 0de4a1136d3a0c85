// SPDX-License-Identifier: Apache-2.0

import Commands
import Glibc
import Processes
import TestSupport
import Testing
import TownFiles

@Suite struct TownLockTests {
  @Test func `a second supervisor is refused, with the first one's pid`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      #expect(TownLock.currentHolder(layout: layout) == nil)
      let lock = try TownLock(layout: layout)
      let error = #expect(throws: TownFileError.self) { try TownLock(layout: layout) }
      #expect(error?.code == .held && error?.reason.contains("pid \(getpid())") == true)
      #expect(TownLock.currentHolder(layout: layout) == getpid())
      withExtendedLifetime(lock) {}
    }
  }

  @Test func `it is let go with its value, whatever the file still says`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      do { withExtendedLifetime(try TownLock(layout: layout)) {} }
      #expect(TestFile.text(layout.lock) == "\(getpid())\n")
      #expect(TownLock.currentHolder(layout: layout) == nil)
      _ = try TownLock(layout: layout)
    }
  }

  @Test(.requires(executable: "flock")) func `it is let go when its process ends, however it ends`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      directory.makeDirectory("daemon")
      let runner = SystemCommandRunner(environment: ["PATH": TestEnvironment.path])
      // One process only: it has the lock, and becomes the `sleep`.
      let script = "echo $$ >\"$1\".pid; exec flock --no-fork --nonblock \"$1\" sleep 60"
      let child = Task {
        try await runner.run(Command("sh", ["-c", script, "sh", layout.lock], deadline: .seconds(60)))
      }
      try await eventually("the other process has the lock") { TownLock.currentHolder(layout: layout) == 0 }
      #expect(throws: TownFileError.self) { try TownLock(layout: layout) }
      let pid = try #require(TestFile.text(layout.lock + ".pid").flatMap { Int32($0.dropLast()) })
      kill(pid, SIGKILL)
      _ = try? await child.value
      #expect(TownLock.currentHolder(layout: layout) == nil)
      _ = try TownLock(layout: layout)
    }
  }

  @Test func `whoever only asks keeps no supervisor out`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      _ = try TownLock(layout: layout)
      let asking = Task.detached {
        while !Task.isCancelled { for _ in 0..<100 { _ = TownLock.currentHolder(layout: layout) } }
      }
      for _ in 0..<300 {
        withExtendedLifetime(try await TownLock.take(layout: layout, patience: .seconds(10))) {}
      }
      asking.cancel()
      await asking.value
    }
  }

  @Test func `a lock that cannot be made is no other supervisor`() async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory("daemon/lock")
      let error = #expect(throws: TownFileError.self) { try TownLock(layout: TownLayout(root: directory.path)) }
      #expect(error?.code == .unwritable)
    }
  }
}
