// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

extension BdBeadStore {
  /// A bead and the database that it was read from, which is where changes to it belong.
  struct Located: Sendable {
    var bead: Bead
    var database: BeadDatabase
  }

  /// Finds beads, each in the database that its id belongs to.
  func locate(_ ids: [String]) async throws -> [String: Reading<Located?>] {
    let routes = routes
    var found: [String: Reading<Located?>] = [:]
    var wanted: [BeadDatabase: [String]] = [:]
    for id in Set(ids).sorted() {
      // What cannot be an id is the id of no bead.
      guard BeadRules.isID(id) else {
        found[id] = .known(nil)
        continue
      }
      let holder = routes.holder(of: id)
      guard let database = holder.database else {
        found[id] = .unknown(holder.doubt ?? "no database is known for \(id)")
        continue
      }
      wanted[database, default: []].append(id)
    }
    for (id, reading) in try await show(wanted) {
      if case .known(nil) = reading, let doubt = routes.holder(of: id).doubt {
        found[id] = .unknown(doubt)
      } else {
        found[id] = reading
      }
    }
    return found
  }

  private func show(_ wanted: [BeadDatabase: [String]]) async throws -> [String: Reading<Located?>] {
    try await withThrowingTaskGroup(of: [String: Reading<Located?>].self) { group in
      for (database, ids) in wanted {
        group.addTask {
          try await show(ids, on: database).mapValues { reading in
            reading.map { bead in bead.map { Located(bead: $0, database: database) } }
          }
        }
      }
      return try await group.reduce(into: [:]) { $0.merge($1) { $1 } }
    }
  }

  /// Reads beads of one database with one process, where it can answer for all of them.
  func show(_ ids: [String], on database: BeadDatabase) async throws -> [String: Reading<Bead?>] {
    let attempt = "reading \(ids.count == 1 ? ids[0] : "\(ids.count) beads") of \(database.path)"
    func all(_ reason: String) -> [String: Reading<Bead?>] {
      Dictionary(uniqueKeysWithValues: ids.map { ($0, .unknown("\(attempt): \(reason)")) })
    }
    let result: CommandResult
    do {
      result = try await client.run(["show"] + ids + ["--json"], on: database, attempt: attempt)
    } catch let error as BeadStoreError {
      return all(error.message)
    }
    guard result.succeeded else {
      let complaint = BdOutput.complaint(result) ?? ""
      guard ids.contains(where: { BdOutput.saysMissing($0, complaint) }) else { return all(BdOutput.reason(result)) }
      if ids.count == 1 { return [ids[0]: .known(nil)] }
      // Where bd's helper answers, one missing bead fails the whole call.
      return try await showOneByOne(ids, on: database)
    }
    do throws(BdOutput.Unreadable) {
      let answers = try BdOutput.beads(result.standardOutput, allowingNothing: true)
      return BdOutput.match(ids, answers: answers, errors: result.complaint(limit: 1 << 20)).mapValues { reading in
        if case .unknown(let reason) = reading { .unknown("\(attempt): \(reason)") } else { reading }
      }
    } catch {
      return all(error.description)
    }
  }

  private func showOneByOne(_ ids: [String], on database: BeadDatabase) async throws -> [String: Reading<Bead?>] {
    try await withThrowingTaskGroup(of: [String: Reading<Bead?>].self) { group in
      var found: [String: Reading<Bead?>] = [:]
      var waiting = ids[...]
      for id in waiting.prefix(4) { group.addTask { try await show([id], on: database) } }
      waiting = waiting.dropFirst(4)
      while let answer = try await group.next() {
        found.merge(answer) { $1 }
        if let id = waiting.popFirst() { group.addTask { try await show([id], on: database) } }
      }
      return found
    }
  }
}

extension BdOutput {
  /// Holds the answers of `bd show` against the ids that were asked for.
  ///
  /// `bd` takes a short id for the beginning of a longer one, so the answer may be another bead;
  /// and it exits 0 whether a bead is missing or could not be read. An id counts as missing only
  /// where `bd` said so, or gave another bead in its place.
  static func match(_ ids: [String], answers: [Bead], errors: String) -> [String: Reading<Bead?>] {
    let lines = errors.split(whereSeparator: \.isNewline).map(\.trimmingWhitespace)
      .filter { $0.hasPrefix("Error ") || $0.hasPrefix("Issue ") }
    let beads = Dictionary(answers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
    var found: [String: Reading<Bead?>] = [:]
    for id in ids {
      if let bead = beads[id] {
        found[id] = .known(bead)
        continue
      }
      let named = ["Error fetching \(id): ", "Error resolving \(id): ", "Issue \(id) "]
      guard let line = lines.first(where: { line in named.contains { line.hasPrefix($0) } }) else { continue }
      found[id] = saysMissing(id, line) ? .known(nil) : .unknown(excerpt(line))
    }
    // Every id has its answer or its complaint; what is left over got somebody else's bead.
    let silent = ids.filter { found[$0] == nil }
    let others = answers.count - found.values.count { $0.value.flatMap { $0 } != nil }
    for id in silent { found[id] = others == silent.count ? .known(nil) : .unknown("bd said nothing of \(id)") }
    return found
  }
}
