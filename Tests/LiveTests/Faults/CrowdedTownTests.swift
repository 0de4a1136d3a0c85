// SPDX-License-Identifier: Apache-2.0

import Glibc
import Supervision
import TestSupport
import Testing
import Town
import TownFiles

@testable import Beads

/// A town with ten thousand beads, a thousand of them unread mail to the Deacon.
@Suite(.requires(executable: "tmux"), .timeLimit(.minutes(3))) struct CrowdedTownTests {
  private let toast = LiveTownFixture.toast
  private let nux = AgentIdentity.polecat(rig: LiveTownFixture.rig, name: "nux")

  static let beads = 10_000
  static let mails = 1_000
  /// Every how manieth message is a request of nobody's.
  static let strangers = 300
  static let refused = 4

  /// What a message says: most of them nothing that concerns the daemon, one is a request in their midst, some are
  /// requests of nobody.
  private static func mail(_ number: Int) -> (subject: String, body: String, sender: String) {
    switch number {
    case mails / 2: ("LIFECYCLE: rig/toast requesting cycle", #"{"action":"cycle"}"#, "rig/toast")
    case _ where number.isMultiple(of: strangers):
      ("LIFECYCLE: rig/nobody requesting shutdown", "shutdown", "rig/nobody")
    default: ("for your information \(number)", String(repeating: "words ", count: 50), "rig/nux")
    }
  }

  private static func type(of number: Int) -> String { number.isMultiple(of: 10) ? "agent" : "task" }

  private func fillEmbedded(_ town: LiveTownFixture) async throws {
    let now = town.world.now()
    try await town.store.write("filling") { database in
      for number in 0..<(Self.beads - Self.mails) {
        let id = Self.type(of: number) == "agent" ? "gt-other-polecat-p\(number)" : "gt-t\(number)"
        try BeadRow.insert(
          database,
          BeadDraft(
            id: id, type: Self.type(of: number), title: id, description: String(repeating: "text ", count: 100)),
          id: id, at: now)
      }
      for number in 0..<Self.mails {
        let mail = Self.mail(number)
        let draft = BeadDraft(
          type: "message", title: mail.subject, description: mail.body, assignee: "deacon/",
          labels: ["from:\(mail.sender)", "thread:t\(number)"])
        try BeadRow.insert(
          database, draft, id: "gt-m\(number)", at: now + .milliseconds(number - Self.mails))
      }
    }
  }

  private func makeBd(_ town: LiveTownFixture) throws -> BdTown {
    let now = town.world.now()
    var beads = [toast, nux].map {
      BdTown.agent($0.bead, role: "polecat", rig: LiveTownFixture.rig, state: "working", hook: "gt-w")
    }
    for agent in [toast, nux] { try Disk.makeDirectory(town.layout.directory(of: agent)) }
    for number in 0..<(Self.beads - Self.mails) {
      let id = Self.type(of: number) == "agent" ? "gt-other-polecat-p\(number)" : "gt-t\(number)"
      beads.append(
        BdTown.StoredBead(
          id: id, title: id, description: String(repeating: "text ", count: 100), type: Self.type(of: number),
          createdAt: now.description, updatedAt: now.description))
    }
    for number in 0..<Self.mails {
      let mail = Self.mail(number)
      let time = (now + .milliseconds(number - Self.mails)).description
      beads.append(
        BdTown.StoredBead(
          id: "gt-m\(number)", title: mail.subject, description: mail.body, type: "message", assignee: "deacon/",
          createdAt: time, updatedAt: time, labels: ["from:\(mail.sender)", "thread:t\(number)"]))
    }
    return try BdTown(town, databases: [".": ("gt", beads)])
  }

  @Test(arguments: [false, true]) func `a request among a thousand mails and ten thousand beads is found, once`(
    usesBd: Bool
  ) async throws {
    try await LiveTownFixture.with { town in
      try await town.startServer()
      // Its process is older than its request, as it should be.
      try Disk.makeDirectory(town.layout.directory(of: toast))
      try await town.launch(toast)
      try await eventually("its start") { town.starts() == 1 }
      let life = try #require(town.running(toast).first)
      var store: any BeadStore = town.store
      if usesBd {
        store = try makeBd(town).store
      } else {
        try await town.addPolecats("toast", "nux")
        try await fillEmbedded(town)
      }
      try Disk.write(Array(#"{"requesting_cycle": true}"#.utf8), to: town.layout.path(toast.stateFile))
      let clock = ContinuousClock()
      try await town.supervised(store: store) { supervisor, journal in
        let took = await clock.measure { await supervisor.beat() }
        #expect(took < .seconds(60))
        try await eventually("what was asked for", within: .seconds(60)) {
          await supervisor.beat()
          return journal.count("lifecycle_executed", toast) == 1 && town.starts() == 2
        }
        #expect(town.running(toast).count == 1 && !town.running(toast).contains(life))
        #expect(journal.count("lifecycle_refused") == Self.refused)
        #expect(journal.count("crash_detected") == 0)
        await supervisor.beat()
        #expect(town.starts() == 2 && town.starts(of: nux) == 1)
        #expect(await supervisor.health().isWell)
        // Only what has been dealt with is gone.
        let inbox = try await Mail(store: store).inbox("deacon/")
        #expect(inbox.count == Self.mails - Self.refused - 1)
        #expect(inbox.allSatisfy { !$0.subject.hasPrefix("LIFECYCLE") })
      }
    }
  }
}
