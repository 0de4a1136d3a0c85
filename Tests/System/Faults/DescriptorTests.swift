// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("No file descriptors are left", .requiresSystemd)
struct DescriptorTests {
  @Test func `the daemon says so, harms nobody, and goes on when there are some again`() async throws {
    try await withTown { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
      let before = try await town.settle(everybody)
      try await eventually("it begins") { town.log("gt-rig1-toast").contains("told Begin.") }
      let daemon = try await town.mainPID()
      // As many as it has, so that it gets no other.
      try await town.shell(
        "n=$(ls /proc/$1/fd | sort -n | tail -1); prlimit --pid \"$1\" --nofile=$((n + 1)):", "\(daemon)")
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.kill(daemon, "USR1")
      try await eventually("it is said", every: .milliseconds(200)) {
        try await town.journal().contains {
          let words = $0["MESSAGE"] ?? ""
          return words.contains("descriptors") || words.contains("Too many open files") || words.contains("cannot be")
        }
      }
      let others = try await town.panes().filter { $0.hasSuffix(" 0") }.compactMap { line in
        line.split(separator: " ").dropFirst().first.flatMap { Int32($0) }
      }
      // A restart may have come through, where another descriptor was closed at the right time.
      #expect(Set(others).isSuperset(of: before.filter { $0.key != "gt-rig1-toast" }.values) && others.count <= 3)
      #expect(try await town.events("crash_detected").allSatisfy { $0["GT_SESSION"] == "gt-rig1-toast" })
      try await town.shell("prlimit --pid \"$1\" --nofile=4096:", "\(daemon)")
      let after = try await town.settle(everybody, within: .seconds(90))
      #expect(after.filter { $0.key != "gt-rig1-toast" } == before.filter { $0.key != "gt-rig1-toast" })
      #expect(try await town.roots(of: "gt-rig1-toast").count == 1)
      #expect(try await town.events("crash_detected").count == 1)
      #expect(try await town.mainPID() == daemon)
      // It is watched like any other.
      try await town.kill(try #require(after["gt-rig1-toast"]))
      try await town.event("crash_detected", session: "gt-rig1-toast", count: 2)
    }
  }
}
