// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@Suite("After a reboot", .requiresSystemd)
struct RebootTests {
  @Test func `agents with work are started, and nobody has crashed`() async throws {
    try await withTown(.init(polecats: ["rig1/toast", "rig1/idle"], working: ["rig1/toast"])) { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
      try await town.settle(everybody)
      try await town.gt("daemon", "stop")
      try await town.systemctl("stop", "gastown-tmux.service")
      // The ledger is that of another boot.
      let boot = try await town.shell("tr -d '\\n' </proc/sys/kernel/random/boot_id")
      let ledger = try #require(town.text("gt/daemon/restarts.json"))
      let other = "01234567-89ab-cdef-0123-456789abcdef"
      #expect(ledger.contains(boot))
      try await town.write(ledger.replacing(boot, with: other), to: "gt/daemon/restarts.json")

      try await town.start()
      try await town.settle(everybody)
      #expect(try await town.events("crash_detected").isEmpty)
      #expect(try await town.events("agent_restarted").isEmpty)
      let started = try await town.event("agent_started", count: 6)
      #expect(started.count == 6)
      #expect(Set(started.suffix(3).compactMap { $0["GT_SESSION"] }) == everybody)
      #expect(town.text("gt/daemon/restarts.json")?.contains(other) == false)
    }
  }
}
