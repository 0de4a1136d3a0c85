// SPDX-License-Identifier: Apache-2.0

import Commands
import Supervision
import Synchronization
import TestSupport
import Testing
import Town

/// What a capsule says of a worktree, from a real git.
@Suite(.requires(executable: "git"), .timeLimit(.minutes(2))) struct WorktreeInspectorTests {
  private func inspector(
    _ git: GitFixture, deadline: Duration = .seconds(30), patience: Duration = .seconds(60)
  ) -> WorktreeInspector {
    WorktreeInspector(runner: git.runner, environment: git.environment, deadline: deadline, patience: patience)
  }

  private func inspect(_ inspector: WorktreeInspector, _ place: String) async -> Reading<CrashCapsule.Worktree> {
    await inspector.inspect(place) { LiveTown.wallClock() }
  }

  @Test func `branch, commit and files are read in one process, and nothing is changed`() async throws {
    try await GitFixture.with { git in
      let tree = try await git.worktree()
      TestFile.write("other\n", to: "\(tree)/shared")
      TestFile.write("x", to: "\(tree)/new file\nwith a line break")
      let before = try await git.state(tree)
      git.runner.reset()
      let found = try #require(await inspect(inspector(git), tree).value)
      #expect(git.runner.count == 1)
      let head = try await git.head(tree)
      #expect(found.branch == "polecat/toast" && found.head == head)
      #expect(found.dirtyFiles == ["shared", "new file\nwith a line break"] && found.dirtyCount == 2)
      #expect(try await git.state(tree) == before)
      try await git.git("checkout", "--quiet", "--detach", in: tree)
      let detached = await inspect(inspector(git), tree).value
      #expect(detached?.branch == nil && detached?.head == head)
    }
  }

  @Test func `only the top of a worktree is one`() async throws {
    try await GitFixture.with { git in
      let tree = try await git.worktree()
      for part in ["toast/below", "toast/empty", "toast/empty/.git"] { git.directory.makeDirectory(part) }
      git.runner.reset()
      #expect(await inspect(inspector(git), "\(tree)/below").failure?.contains("not the top") == true)
      #expect(git.runner.count == 0)
      // A `.git` that is none: git itself would go on to the repository around it.
      #expect(await inspect(inspector(git), "\(tree)/empty").failure?.contains("not a git repository") == true)
    }
  }

  @Test func `a git that hangs is given up, and one that is not there is said`() async throws {
    try await GitFixture.with { git in
      let tree = try await git.worktree()
      git.directory.makeDirectory("bin")
      TestFile.write("#!/bin/sh\nexec sleep 1000\n", to: git.directory("bin/git"), mode: 0o755)
      var environment = git.environment
      environment["PATH"] = "\(git.directory("bin")):/usr/bin:/bin"
      let hanging = WorktreeInspector(
        runner: git.runner, environment: environment, deadline: .milliseconds(200), patience: .seconds(60))
      #expect(await inspect(hanging, tree).failure?.contains("no end after") == true)
      environment["PATH"] = git.directory("home")
      let missing = WorktreeInspector(runner: git.runner, environment: environment)
      #expect(await inspect(missing, tree).failure?.contains("no executable 'git'") == true)
    }
  }

  @Test func `two are read at a time, and who waits for too long is left out`() async throws {
    let running = Mutex((now: 0, most: 0))
    try await GitFixture.with(
      interceptor: { command in
        guard command.arguments.contains("status") else { return }
        running.withLock { $0 = ($0.now + 1, max($0.most, $0.now + 1)) }
        try await Task.sleep(for: .milliseconds(50))
        running.withLock { $0.now -= 1 }
      }
    ) { git in
      let tree = try await git.worktree()
      func all(_ inspector: WorktreeInspector) async -> [Reading<CrashCapsule.Worktree>] {
        await withTaskGroup(of: Reading<CrashCapsule.Worktree>.self) { group in
          for _ in 0..<12 { group.addTask { await inspect(inspector, tree) } }
          return await group.reduce(into: []) { $0.append($1) }
        }
      }
      let patient = await all(inspector(git))
      #expect(patient.allSatisfy { $0.value != nil } && running.withLock { $0.most } == 2)
      git.runner.reset()
      let hasty = await all(inspector(git, patience: .milliseconds(20)))
      #expect(hasty.count { $0.value != nil } == git.runner.count && git.runner.count < 12)
      #expect(hasty.compactMap(\.failure).allSatisfy { $0.contains("too many worktrees") })
    }
  }
}
