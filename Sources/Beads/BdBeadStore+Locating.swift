// SPDX-License-Identifier: Apache-2.0

import Commands
import Town

extension BdBeadStore {
  /// A bead and the database that it was read from, which is where changes to it belong.
  struct Located: Sendable, Equatable {
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
    for (database, ids) in wanted {
      let missing = ids.filter { found[$0] == .known(nil) }
      for (id, reason) in try await contradictions(missing, on: database) { found[id] = .unknown(reason) }
      memory.agree(on: ids.filter { found[$0]?.value.flatMap { $0 } != nil })
    }
    return found
  }

  /// Beads that are not shown although they are listed, each with what is to be said of it. Only what has been listed
  /// before is looked for.
  private func contradictions(_ missing: [String], on database: BeadDatabase) async throws -> [String: String] {
    var result: [String: String] = [:]
    for (kind, ids) in memory.listings(of: missing, on: database) {
      let listed: Set<String>
      do {
        listed = Set(try await list(kind, on: database).map(\.id))
      } catch let error as BeadStoreError {
        for id in ids { result[id] = error.description }
        continue
      }
      for id in ids where listed.contains(id) { result[id] = await contradiction(id, on: database) }
    }
    return result
  }

  /// Remembers that a bead is listed and not shown, and says so.
  func contradiction(_ id: String, on database: BeadDatabase) async -> String {
    let text = """
      'bd list' has \(id) in \(database.path), and 'bd show \(id)' does not find it, so it is unknown whether the bead \
      exists: \(await knowledge.version(on: database)). Run 'bd doctor' in \(client.parent(of: database.path)), or \
      install another version of bd
      """
    memory.remark(text, about: id)
    return text
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
    let result: CommandResult
    do {
      result = try await client.run(["show"] + ids + ["--json"], on: database, attempt: attempt)
    } catch let error as BeadStoreError {
      return Dictionary(uniqueKeysWithValues: ids.map { ($0, .unknown("\(attempt): \(error.message)")) })
    }
    var answers = BdOutput.match(ids, result)
    // Where bd's helper answers, one missing bead fails the whole call.
    let open = ids.filter { answers[$0] == nil }
    if !open.isEmpty { answers.merge(try await showOneByOne(open, on: database)) { $1 } }
    return answers.mapValues { reading in
      guard case .unknown(let reason) = reading, !reason.hasPrefix("reading ") else { return reading }
      return .unknown("\(attempt): \(reason)")
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
  /// Holds what `bd show` printed against the ids that were asked for.
  ///
  /// `bd` takes a short id for the beginning of a longer one, so the answer may be another bead; and its status is 0
  /// or 1, by version, whether a bead is missing or could not be read. An id counts as missing only where `bd` said
  /// so, or gave another bead or an empty list in its place. An id without an entry has to be asked for by itself.
  static func match(_ ids: [String], _ result: CommandResult) -> [String: Reading<Bead?>] {
    var answers: [Bead] = []
    var isEmptyList = false
    var unreadable: String?
    do throws(Unreadable) {
      let printed = try beads(result.standardOutput)
      answers = printed ?? []
      isEmptyList = printed?.isEmpty == true
    } catch {
      unreadable = error.description
    }
    var words = result.complaint(limit: 1 << 20)
    if unreadable != nil { words += "\n" + (error(result.standardOutput) ?? String(result.output.prefix(4_096))) }
    let lines = lines(of: words)
    let beads = Dictionary(answers.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })

    var found: [String: Reading<Bead?>] = [:]
    for id in ids {
      if let bead = beads[id] {
        found[id] = .known(bead)
      } else if let line = lines.first(where: { names(id, $0) }) {
        found[id] = BdWording.saysMissing(id, line) ? .known(nil) : .unknown(excerpt(line))
      } else if BdWording.saysMissing(id, words) {
        found[id] = .known(nil)
      }
    }
    let silent = ids.filter { found[$0] == nil }
    guard !silent.isEmpty else { return found }

    func all(_ reading: Reading<Bead?>) -> [String: Reading<Bead?>] {
      found.merging(silent.map { ($0, reading) }) { first, _ in first }
    }
    guard result.succeeded else {
      // That none was found is also said where the database could not be read.
      if BdWording.says(.noneFound, words), !BdWording.says(.outage, words) { return all(.known(nil)) }
      if ids.count > 1, answers.isEmpty, found.values.contains(.known(nil)) { return found }
      return all(.unknown(reason(result)))
    }
    if let unreadable { return all(.unknown(unreadable)) }
    // Every id has its answer or its complaint; what is left over got the bead of another id.
    let others = answers.count - found.values.count { $0.value.flatMap { $0 } != nil }
    let isAnswered = others == silent.count || isEmptyList && !lines.contains { !BdWording.isWarning($0) }
    return found.merging(silent.map { ($0, isAnswered ? .known(nil) : .unknown("bd reported nothing about \($0)")) }) {
      first, _ in first
    }
  }

  /// Whether a line says what became of this id.
  private static func names(_ id: String, _ line: String) -> Bool {
    ["Error fetching \(id): ", "Error resolving \(id): ", "Issue \(id) "].contains { line.hasPrefix($0) }
  }
}
