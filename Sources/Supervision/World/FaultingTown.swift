// SPDX-License-Identifier: Apache-2.0

#if DEBUG
  import Glibc
  package import Town

  /// A town in which the daemon dies by SIGKILL at a point that a test has chosen, or sees wrongly, once. It is no
  /// part of a release build.
  ///
  /// The point is read from the file that `GASTOWN_FAULT` names, at each effect; the file is removed
  /// just before the death.
  package struct FaultingTown: ForwardingTown {
    /// Where a lifecycle request can be cut off, in the order in which it passes them.
    package enum Point: String, Sendable, CaseIterable {
      case beforeClaim = "before-claim"
      case claimed
      case mailDeleted = "mail-deleted"
      case endingRecorded = "ending-recorded"
      case ended
      case flagsCleared = "flags-cleared"
      case endRecorded = "end-recorded"
      case launched
    }

    package let town: any TownWorld
    private let file: String

    package init(_ town: any TownWorld, file: String) {
      self.town = town
      self.file = file
    }

    /// A look that sees nobody, once: a fault of ours, and the daemon has to find it.
    private static let blind = "blind"

    private func pass(_ point: Point) {
      if isChosen(point.rawValue) { kill(getpid(), SIGKILL) }
    }

    private func isChosen(_ word: String) -> Bool {
      guard let stream = fopen(file, "re") else { return false }
      var line = [CChar](repeating: 0, count: 64)
      let isRead = fgets(&line, Int32(line.count), stream) != nil
      fclose(stream)
      guard isRead,
        String(decoding: line.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self).trimmed == word
      else { return false }
      unlink(file)
      return true
    }

    @concurrent package func look(beads: BeadReadings, lives: [String: ProcessLife]) async -> TownSnapshot {
      var snapshot = await town.look(beads: beads, lives: lives)
      if isChosen(Self.blind) {
        for index in snapshot.agents.indices { snapshot.agents[index].liveness = .absent }
      }
      return snapshot
    }

    package func save(_ ledger: Ledger) throws {
      let steps = Set(ledger.agents.values.compactMap { $0.lifecycle?.step })
      if steps.contains(.claimed) { pass(.beforeClaim) }
      try town.save(ledger)
      if steps.contains(.claimed) { pass(.claimed) }
      if steps.contains(.ending) { pass(.endingRecorded) }
      if steps.contains(.ended) { pass(.endRecorded) }
    }

    @concurrent package func closeMail(_ id: String) async throws {
      try await town.closeMail(id)
      pass(.mailDeleted)
    }

    @concurrent package func end(_ agent: AgentIdentity, liveness: Liveness) async -> EndOutcome {
      let outcome = await town.end(agent, liveness: liveness)
      pass(.ended)
      return outcome
    }

    @concurrent package func clearRequest(_ action: LifecycleAction, of agent: AgentIdentity) async throws {
      try await town.clearRequest(action, of: agent)
      pass(.flagsCleared)
    }

    @concurrent package func launch(_ order: LaunchOrder) async -> LaunchRule.Outcome {
      let outcome = await town.launch(order)
      if order.rule == .lifecycle { pass(.launched) }
      return outcome
    }
  }
#endif
