// SPDX-License-Identifier: Apache-2.0

import Logging
import Supervision
import Synchronization
import Systemd
import Testing
@testable import Town

/// That the journal has each event, whatever becomes of the daemon and of the journal.
@Suite(.timeLimit(.minutes(1))) struct TellingTests {
  @Test func `killed before any effect whatever, a death and its answer are in the journal, once each`() async throws {
    for effects in 0... {
      let town = ModelTown()
      let polecat = town.addPolecat("a")
      town.raise(.deacon, polecat)
      try await withSupervisor(of: town) { await $0.beat() }
      town.kill(polecat)
      let first = ModelProcess(town, effects: effects)
      try await withSupervisor(of: town, process: first) { await $0.beat() }
      try await withSupervisor(of: town) { supervisor in
        await supervisor.beat()
        town.jump(by: .seconds(1))
        await supervisor.beat()
      }
      let what: Comment = "killed before effect \(effects + 1)"
      #expect(town.events(of: polecat).filter { $0 == .crashDetected } == [.crashDetected], what)
      #expect(town.events(of: polecat).filter { $0 == .agentRestarted } == [.agentRestarted], what)
      #expect(town.with { $0.ledger.untold.isEmpty }, what)
      if !first.isDead { break }
    }
  }

  @Test func `a ledger in which nothing but the telling is new is not written before there is something else`() {
    var saved = Ledger()
    var events = [TownEvent(.crashDetected, message: "a"), TownEvent(.agentRestarted, message: "b")]
    #expect(saved.enter(&events, at: Timestamp(seconds: 1)) == 0)
    var ledger = saved
    #expect(!ledger.hasNews(since: saved))
    ledger.noteTold(Set(events.prefix(1).compactMap(\.id)))
    #expect(ledger.untold.map(\.message) == ["b"] && !ledger.hasNews(since: saved))
    var changed = ledger
    changed.heldBack = "no memory"
    #expect(changed.hasNews(since: saved))
    var more = [TownEvent(.agentReady, message: "c")]
    _ = ledger.enter(&more, at: Timestamp(seconds: 1))
    #expect(ledger.hasNews(since: saved))
  }

  /// A journal that takes entries or does not, as a test wants it.
  private final class Moody: LogHandler {
    private struct State {
      var isTaking: Bool?
      var entries: [String] = []
    }
    private let state = Mutex(State())
    let receipts = LogReceipts(key: EventJournal.idField)
    var metadata: Logger.Metadata {
      get { [:] }
      set {}
    }
    var logLevel: Logger.Level {
      get { .info }
      set {}
    }
    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
      get { nil }
      set {}
    }

    /// `nil`: it is silent.
    var isTaking: Bool? {
      get { state.withLock { $0.isTaking } }
      set { state.withLock { $0.isTaking = newValue } }
    }
    var entries: [String] { state.withLock { $0.entries } }

    func log(event: LogEvent) {
      guard let id = event.metadata?[EventJournal.idField].map({ "\($0)" }) else { return }
      let kind = event.metadata?["GT_EVENT"].map { "\($0)" } ?? ""
      let isTaken = state.withLock { state in
        if state.isTaking == true { state.entries.append(kind) }
        return state.isTaking
      }
      if let isTaken { receipts.note(id, isWritten: isTaken) }
    }
  }

  private func run(
    _ town: ModelTown, _ journal: Moody, _ body: (Supervisor) async throws -> Void
  ) async throws {
    let process = ModelProcess(town)
    let supervisor = Supervisor(
      world: process, policy: Policy(),
      journal: EventJournal(
        logger: Logger(label: "moody") { _ in journal }, town: "/model", receipts: journal.receipts),
      reports: process.reports)
    let ready = town.count(.ready)
    let running = Task { await supervisor.run() }
    await town.wait { state in state.log.count { $0 == .ready } > ready }
    try await body(supervisor)
    town.openAll()
    await supervisor.stop()
    let hasEnded = Mutex(false)
    async let ending: Void = {
      await running.value
      hasEnded.withLock { $0 = true }
    }()
    // It waits a moment for a journal that is silent.
    while !hasEnded.withLock({ $0 }) {
      town.jump(by: .milliseconds(100))
      await Task.yield()
    }
    await ending
  }

  @Test func `what a journal has not taken stays in the ledger, and the next daemon tells it`() async throws {
    let town = ModelTown()
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    let silent = Moody()
    silent.isTaking = true
    try await run(town, silent) { supervisor in
      await supervisor.beat()
      silent.isTaking = nil
      town.kill(polecat)
      await supervisor.beat()
      #expect(town.isAlive(polecat), "a journal that is silent holds up nobody")
    }
    #expect(town.with { $0.ledger.untold.contains { $0.kind == .crashDetected } })
    let journal = Moody()
    journal.isTaking = true
    try await run(town, journal) { await $0.beat() }
    #expect(journal.entries.count { $0 == "crash_detected" } == 1)
    #expect(town.with { $0.ledger.untold.isEmpty })
  }

  @Test func `what a journal could not take is given to it again`() async throws {
    let town = ModelTown()
    let polecat = town.addPolecat("a")
    town.raise(.deacon, polecat)
    let journal = Moody()
    journal.isTaking = true
    try await run(town, journal) { supervisor in
      await supervisor.beat()
      journal.isTaking = false
      town.kill(polecat)
      await supervisor.beat()
      await town.wait(for: .sleep(.seconds(30)))
      #expect(!journal.entries.contains("crash_detected"))
      journal.isTaking = true
      await town.advance(by: .seconds(30))
      while !journal.entries.contains("crash_detected") { await Task.yield() }
      await supervisor.beat()
      #expect(journal.entries.count { $0 == "crash_detected" } == 1)
    }
    #expect(town.with { $0.ledger.untold.isEmpty })
  }
}
