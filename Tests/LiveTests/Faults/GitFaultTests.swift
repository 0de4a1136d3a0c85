// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Glibc
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// What happens to a polecat that is to be restarted while `git` is at fault. What becomes of its worktree in each
/// state is in `WorktreeRefresherTests`.
@Suite(.requires(executable: "tmux"), .requires(executable: "git"), .timeLimit(.minutes(3))) struct GitFaultTests {
  private let toast = LiveTownFixture.toast
  private let witness = AgentIdentity.witness(rig: LiveTownFixture.rig)

  struct Fault: CustomTestStringConvertible, Sendable {
    var testDescription: String
    var script: String
    /// Whether a person is told of it with the restart.
    var isSaid = true
  }

  static let faults: [Fault] = [
    .init(testDescription: "fails fatally", script: "echo 'fatal: bad object HEAD' >&2; exit 128", isSaid: false),
    .init(testDescription: "prints rubbish", script: "head -c 100000 /dev/urandom; exit 0", isSaid: false),
    .init(testDescription: "prints 60 MB", script: "head -c 60000000 /dev/zero; exit 0"),
    .init(testDescription: "complains of 60 MB", script: "head -c 60000000 /dev/zero >&2; exit 1"),
    .init(
      testDescription: "fails to rebase, with a line of 12 MB",
      script: #"case $1 in rebase) head -c 12000000 /dev/zero | tr '\0' x >&2; exit 1 ;; esac"#),
    .init(
      testDescription: "breaks off a rebase",
      script: #"case $1 in rebase) "$real" checkout -q --detach; kill -9 $$ ;; esac"#),
    .init(testDescription: "hangs with its children", script: "trap '' TERM; echo $$ >>$LIVE_TOWN/hung; sleep 1000"),
  ]

  @Test(arguments: faults) func `a git at fault delays a restart by its deadline at most, and costs no work`(
    _ fault: Fault
  ) async throws {
    try await LiveTownFixture.with(gitDeadline: .seconds(2), variables: Self.person) { town in
      let work = try await makeWorktree(town)
      town.wrap("git", around: LiveTownFixture.path(of: "git"))
      try await town.startServer()
      _ = try await town.store.createAgent(toast, state: .working, hook: "gt-w")
      try await town.supervised { supervisor, journal in
        try await town.settled(supervisor, [toast, witness, .deacon])
        let before = town.running(witness)
        let pid = try #require(town.running(toast).first)
        // There is something to rebase onto: its first start has taken what there was.
        try await town.run([
          "sh", "-ec", #"git -C "$1" commit -q --allow-empty -m three; git -C "$2" fetch -q"#, "sh",
          town.directory("origin"), town.layout.path("rig/mayor/rig"),
        ])
        town.strike("git", fault.script)
        let start = ContinuousClock.now
        kill(pid, SIGKILL)
        try await eventually("its restart") { journal.count("agent_restarted", toast) == 1 }
        #expect(ContinuousClock.now - start < .seconds(15))
        #expect(await supervisor.health().isWell)
        await supervisor.beat()
        town.heal("git")
        for line in (TestFile.text(town.directory("hung")) ?? "").split(separator: "\n") {
          let hung = try #require(Int32(line))
          try await eventually("the end of what hung") { kill(hung, 0) != 0 }
        }
        let said = try #require(journal.entries.last { $0.event == "agent_restarted" }).message
        #expect(
          said.contains("git") || said.contains("refreshed") || said.contains("rebase") || !fault.isSaid, "\(said)")
        for entry in journal.entries { #expect(entry.message.utf8.count < 10_000) }
        try await eventually("its start") { town.starts() == 2 }
        #expect(town.running(toast).count == 1 && town.running(witness) == before)
        #expect(journal.count("crash_detected") == 1)
        // What was committed and what was not is there.
        #expect(TestFile.text("\(work)/mine") == "not committed\n")
        let log = try await town.run(["git", "log", "-1", "--format=%s", "polecat/toast"], in: work).output
        #expect(log == "own work\n")
      }
    }
  }

  private static let person = [
    "GIT_AUTHOR_NAME": "Ada", "GIT_AUTHOR_EMAIL": "ada@localhost", "GIT_COMMITTER_NAME": "Ada",
    "GIT_COMMITTER_EMAIL": "ada@localhost",
  ]

  /// A worktree of toast's with a commit of its own and a file that nobody tracks, behind its origin.
  private func makeWorktree(_ town: LiveTownFixture) async throws -> String {
    let origin = town.directory("origin")
    let rig = town.layout.path("rig/mayor/rig")
    let work = town.layout.directory(of: toast)
    try Disk.makeDirectory(town.layout.path("rig/mayor"))
    try Disk.makeDirectory(Disk.parent(of: work))
    let script = """
      set -e
      git init -q -b main "$1"; git -C "$1" commit -q --allow-empty -m one
      git clone -q "$1" "$2"; git -C "$2" worktree add -q -b polecat/toast "$3"
      git -C "$3" commit -q --allow-empty -m 'own work'
      printf 'mine\n' >>"$2/.git/info/exclude"; printf 'not committed\n' >"$3/mine"
      git -C "$1" commit -q --allow-empty -m two
      """
    try await town.run(["sh", "-c", script, "sh", origin, rig, work])
    return work
  }
}
