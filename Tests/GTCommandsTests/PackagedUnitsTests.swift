// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
@testable import GTCommands
import TestSupport
import Testing
import TownFiles
import Glibc

/// Units that come with a package, and a daemon whose program a package has replaced.
@Suite(.timeLimit(.minutes(2))) struct PackagedUnitsTests {
  @Test func `packaged units are the shipped ones, with the package's own place`() {
    #expect(
      UnitFiles.packaged(daemon: "/usr/bin/gastown-daemon").map(\.text)
        == (UnitFiles.shipped + UnitFiles.templates).map(\.text))
    let changed = zip(UnitFiles.shipped + UnitFiles.templates, UnitFiles.packaged(daemon: "/opt/bin/gastown-daemon"))
      .flatMap { old, new in
        zip(old.text.split(separator: "\n"), new.text.split(separator: "\n")).filter { $0 != $1 }.map(\.1)
      }
    #expect(changed.count == 6)
    #expect(changed.allSatisfy { $0.hasPrefix("Exec") && $0.contains("/opt/bin/gastown-daemon ") })
  }

  @Test func `those for another town than this one are told of`() {
    let findings = UnitCheck.judge([("gastown-daemon.service", .packagedForHome)], isRuntime: false)
    #expect(findings.count == 1)
    #expect(findings[0].level == .warning && findings[0].remedy == "gt daemon install")
  }

  @Test func `a daemon is compared with the file that is installed now`() {
    let (old, new) = (FileIdentity(device: 1, inode: 2), FileIdentity(device: 1, inode: 3))
    func judge(_ installed: FileIdentity?, isUnit: Bool = true) -> CheckResult {
      DaemonProgram(path: "/usr/bin/gastown-daemon", running: old, installed: installed).judge(isUnit: isUnit)
    }
    #expect(judge(old).level == .ok)
    #expect(judge(new).level == .warning && judge(new).remedy == "gt daemon restart")
    // One that somebody has started by hand is not systemd's to restart.
    #expect(judge(new, isUnit: false).level == .warning && judge(new, isUnit: false).remedy == nil)
    #expect(judge(nil).level == .warning && judge(nil).what.contains("removed"))
  }

  @Test func `a program is found out to be replaced, or gone, while it runs`() async throws {
    try await TemporaryDirectory.with { directory in
      let program = directory("sleep")
      let environment = ["PATH": TestEnvironment.path]
      let runner = SystemCommandRunner(environment: environment)
      let script = """
        cp "$(command -v sleep)" "$1"
        "$1" 1000 >/dev/null & pid=$!
        until [ "$(readlink /proc/$pid/exe)" = "$1" ]; do :; done
        echo $pid
        """
      let started = try await runner.run(
        Command("bash", ["-c", "exec 2>/dev/null; \(script)", "bash", program], deadline: .seconds(30)))
      let pid = try #require(Int32(started.output.split(separator: "\n").last.map(String.init) ?? ""))
      defer { kill(pid, SIGKILL) }
      let current = try #require(DaemonProgram.running(as: pid))
      #expect(current.path == program && current.judge(isUnit: true).level == .ok)
      // As a package manager does it: another file under the same name.
      TestFile.write("new", to: "\(program).new", mode: 0o755)
      #expect(rename("\(program).new", program) == 0)
      let replaced = try #require(DaemonProgram.running(as: pid))
      #expect(replaced.path == program && replaced.judge(isUnit: true).remedy == "gt daemon restart")
      #expect(unlink(program) == 0)
      #expect(try #require(DaemonProgram.running(as: pid)).installed == nil)
    }
  }

  @Test func `a polecat is added with its work`() async throws {
    try await GTTown.with { town in
      let told = try await town.gt("polecat", "add", "rig/toast", "--hook", "gt-x1")
      #expect(told.contains("gt-x1 on its hook"))
      let shown = try await town.gt("agent", "show", "rig/toast", "--json")
      #expect(shown.contains(#""gt-x1""#) && shown.contains(#""working""#))
      try await town.gt("polecat", "add", "rig/nux")
      #expect(try await town.gt("agent", "show", "rig/nux", "--json").contains(#""idle""#))
    }
  }
}
