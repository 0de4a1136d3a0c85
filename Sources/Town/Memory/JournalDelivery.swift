// SPDX-License-Identifier: Apache-2.0

/// How far the untold events of the ledger (``Ledger/untold``) have come on their way into the journal.
package struct JournalDelivery: Sendable {
  /// Events, by id, that the journal was given and has not answered for.
  private var given: Set<String> = []
  /// Those of them that it could not take.
  private var refused: Set<String> = []
  /// Those that subscribers of the event feed have seen: they are not told again.
  private var published: Set<String> = []

  package init() {}

  package var hasRefusals: Bool { !refused.isEmpty }

  /// The events that the journal is to be given now, each with whether it was published before.
  package mutating func next(of untold: [TownEvent]) -> [(event: TownEvent, isRepeated: Bool)] {
    untold.compactMap { event in
      guard let id = event.id, given.insert(id).inserted else { return nil }
      return (event, !published.insert(id).inserted)
    }
  }

  /// The journal has answered: these are written, and those it could not take.
  package mutating func note(written: Set<String>, lost: Set<String>) {
    given.subtract(written)
    published.subtract(written)
    refused.formUnion(lost)
  }

  /// What the journal could not take is given to it again.
  package mutating func retry() {
    given.subtract(refused)
    refused = []
  }

  /// The journal answers for nothing: what it was given is told.
  package mutating func forget() { self = JournalDelivery() }
}
