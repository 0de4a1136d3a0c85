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

  @Test(arguments: ["removed", "replaced", "a directory"])
  func `a lock whose file is gone is made anew, and keeps others out again`(how: String) async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      let lock = try TownLock(layout: layout)
      #expect(lock.keep() == .held)
      try Disk.remove(layout.lock)
      switch how {
      case "replaced": TestFile.write("1\n", to: layout.lock)
      case "a directory": try Disk.makeDirectory(layout.lock)
      default: break
      }
      if how == "a directory" {
        guard case .unknown = lock.keep() else { throw NotInTime(description: "\(lock.keep())") }
        rmdir(layout.lock)
      }
      #expect(lock.keep() == .madeAnew)
      #expect(lock.keep() == .held && TownLock.currentHolder(layout: layout) == getpid())
      #expect(throws: TownFileError.self) { try TownLock(layout: layout) }
      withExtendedLifetime(lock) {}
    }
  }

  @Test func `a second supervisor that a removed lock has let in is noticed`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      let first = try TownLock(layout: layout)
      try Disk.remove(layout.lock)
      let second = try TownLock(layout: layout)
      guard case .lost(let error) = first.keep() else { throw NotInTime(description: "not lost") }
      #expect(error.code == .held && error.reason.contains("pid \(getpid())"))
      #expect(second.keep() == .held)
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
      let script = "echo $$ >\"$1\".pid; exec flock --no-fork --timeout 30 \"$1\" sleep 60"
      let child = Task {
        try await runner.run(Command("sh", ["-c", script, "sh", layout.lock], deadline: .seconds(60)))
      }
      try await eventually("the other process has the lock") { TownLock.currentHolder(layout: layout) != nil }
      let pid = try #require(TestFile.text(layout.lock + ".pid").flatMap { Int32($0.dropLast()) })
      let error = #expect(throws: TownFileError.self) { try TownLock(layout: layout) }
      #expect(error?.code == .held && error?.reason.contains("pid \(pid) (") == true)
      kill(pid, SIGKILL)
      _ = try? await child.value
      #expect(TownLock.currentHolder(layout: layout) == nil)
      _ = try TownLock(layout: layout)
    }
  }

  @Test(.requires(executable: "flock"), arguments: ["--exclusive", "--shared"])
  func `who holds it is named by what the kernel says, not by what the file says`(kind: String)
    async throws
  {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      directory.makeDirectory("daemon")
      let runner = SystemCommandRunner(environment: ["PATH": TestEnvironment.path])
      // The process that takes the lock ends at once, and a child of it keeps the file open.
      let script =
        "exec 9>>\"$1\"; flock \"$2\" 9; setsid sleep 60 >/dev/null 2>&1 & echo $! >\"$1.pid\"; echo 1 >\"$1\""
      _ = try await runner.run(Command("sh", ["-c", script, "sh", layout.lock, kind], deadline: .seconds(30)))
      let pid = try #require(TestFile.text(layout.lock + ".pid").flatMap { Int32($0.dropLast()) })
      defer { kill(pid, SIGKILL) }
      // Before its exec it is another shell.
      try await eventually("it runs sleep") { ProcessTable().status(pid)?.name == "sleep" }
      #expect(TestFile.text(layout.lock) == "1\n")
      let holder = try #require(TownLock.holder(layout: layout))
      #expect(holder.pid == pid && holder.program.contains("sleep") && !holder.isOurs)
      #expect(TownLock.currentHolder(layout: layout) == (kind == "--shared" ? nil : pid))
      let error = #expect(throws: TownFileError.self) { try TownLock(layout: layout) }
      #expect(error?.code == .held)
      #expect(error?.reason.contains("pid \(pid) (") == true && error?.reason.contains("kill \(pid)") == true)
    }
  }

  @Test(.requires(executable: "flock"), arguments: [true, false])
  func `nobody is told to end a holder with which an agent ends`(isHost: Bool) async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      directory.makeDirectory("daemon")
      let runner = SystemCommandRunner(environment: ["PATH": TestEnvironment.path])
      let script = """
        exec 9>>"$1"; flock 9
        setsid sh -c 'if [ "$2" = 1 ]; then GT_LIFE=x sleep 60 9>&- & fi; echo $$ $! >"$1.pids"; exec sleep 60' sh "$1" "$2" \
          >/dev/null 2>&1 &
        """
      _ = try await runner.run(
        Command("sh", ["-c", script, "sh", layout.lock, isHost ? "1" : "0"], deadline: .seconds(30)))
      let pids = try await eventually("they run") {
        TestFile.text(layout.lock + ".pids").map { $0.split(whereSeparator: \.isWhitespace).compactMap { Int32($0) } }
          .flatMap { pids in
            pids.allSatisfy { ProcessTable().status($0)?.name == "sleep" } && !pids.isEmpty ? pids : nil
          }
      }
      defer { for pid in pids { kill(pid, SIGKILL) } }
      let holder = try #require(TownLock.holder(layout: layout))
      #expect(holder.pid == pids[0] && holder.hostsAgents == isHost)
      #expect(holder.remedy == (isHost ? nil : "kill \(pids[0])") && holder.refusal.contains("kill") == !isHost)
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

  @Test func `a hard link to a person's file in its place is a lock, and is not written`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      directory.makeDirectory("daemon")
      TestFile.write("mine", to: directory("person"), mode: 0o600)
      link(directory("person"), layout.lock)
      let lock = try TownLock(layout: layout)
      #expect(TestFile.text(directory("person")) == "mine" && TownLock.currentHolder(layout: layout) == getpid())
      withExtendedLifetime(lock) {}
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
