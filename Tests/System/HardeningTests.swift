// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing
import Town

@Suite("Hardened as the page says", .requiresSystemd)
struct HardeningTests {
  /// The drop-in of docs/hardening.md.
  private static let dropIn: String = {
    let text = TestFile.text("\(PrivateSystemd.repository)/docs/hardening.md") ?? ""
    guard let begin = text.firstRange(of: "```ini\n[Service]\n") else { return "" }
    let rest = text[begin.upperBound...]
    return String(rest[..<(rest.firstRange(of: "```")?.lowerBound ?? rest.startIndex)])
  }()

  @Test func `the daemon does all of its work, and agents have none of it`() async throws {
    try #require(!Self.dropIn.isEmpty)
    try await withTown(.init(dropIn: Self.dropIn)) { town in
      let everybody: Set = ["gt-deacon", "gt-rig1-witness", "gt-rig1-toast"]
      let before = try await town.settle(everybody)
      #expect(try await town.property("PrivateUsers") == "yes")
      let main = try await town.mainPID()
      let confined = try await town.systemd.root(["grep", "^NoNewPrivs:", "/proc/\(main)/status"]).check().output
      #expect(confined.contains("1"))
      try await town.kill(try #require(before["gt-rig1-toast"]))
      try await town.event("agent_restarted", session: "gt-rig1-toast")
      let after = try await town.settle(everybody)
      #expect(after["gt-rig1-toast"] != before["gt-rig1-toast"] && after["gt-deacon"] == before["gt-deacon"])
      try await town.event("agent_ready", session: "gt-rig1-toast")
      try await town.event("last_words", session: "gt-rig1-toast")
      let agent = try #require(after["gt-rig1-toast"])
      let free = try await town.systemd.root(["grep", "^NoNewPrivs:", "/proc/\(agent)/status"]).check().output
      #expect(free.contains("0"))
      // A tmux server that ends is brought back by the manager, and everybody on it.
      try await town.systemctl("kill", "-s", "KILL", "gastown-tmux.service")
      try await town.event("mass_death")
      try await town.settle(everybody, within: .seconds(60))
      // Its place outside of the town is not its to write.
      try await town.systemctl("reload", "gastown-daemon")
      try await town.systemctl("start", "gastown-check.service")
      #expect(try await town.property("Result", of: "gastown-check.service") == "success")
      #expect(try await town.mainPID() == main)
      #expect(try await town.tryGT("session", "check").status == 0)
    }
  }
}
