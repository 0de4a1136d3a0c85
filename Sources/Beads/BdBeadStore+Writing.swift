// SPDX-License-Identifier: Apache-2.0

import Commands
package import Town

// `bd` exits 0 over a refused update, and prints a duplicate that it did not store. So every write
// is followed by a read, and what was read decides.
extension BdBeadStore {
  @concurrent package func create(_ draft: BeadDraft) async throws -> Bead {
    let routes = routes
    let attempt = "creating \(draft.id ?? "a \(draft.type) bead") in \(townRoot)/.beads"
    try BeadRules.check(draft, attempt: attempt)
    try checkLength(draft.description, attempt: attempt)
    var database = routes.own
    if let id = draft.id {
      let holder = routes.holder(of: id)
      // In doubt, a bead of this id may live in a database that is not known here.
      guard let found = holder.database, holder.doubt == nil else {
        throw BeadStoreError(.unavailable, attempt: attempt, message: holder.doubt ?? "no database is known for \(id)")
      }
      database = found
    }
    // Later versions write over the title and the text of a bead that is there.
    if let id = draft.id { try await checkFree(id, type: draft.type, on: database, attempt: attempt) }
    let arguments = arguments(of: draft)
    var result = try await client.run(arguments, on: database, attempt: attempt)
    if !result.succeeded, draft.type == "agent", database == routes.own,
      BdWording.says(.otherPrefix, BdOutput.reason(result))
    {
      // An agent's id begins with gt- whatever the town's own prefix is, and no route takes it.
      result = try await client.run(arguments + ["--force"], on: database, attempt: attempt)
    }
    guard result.succeeded else { throw client.failure(result, attempt: attempt) }
    let id = try createdID(result, of: draft, attempt: attempt)
    let stored = try await readBack(id, type: draft.type, on: database, attempt: attempt)
    // The id and our own content are the proof. Times are none: some versions print a finer one than they store.
    guard stored.type == draft.type, stored.assignee == draft.assignee, isSame(stored.description, draft.description),
      isSame(stored.title, draft.title)
    else {
      throw BeadStoreError(
        .refused, attempt: attempt,
        message: "\(stored.id) exists already with another content, or was not stored as it was given")
    }
    return stored
  }

  /// Sees that no bead has this id, neither among those that are shown nor among those that are listed.
  private func checkFree(_ id: String, type: String, on database: BeadDatabase, attempt: String) async throws {
    async let showing = show([id], on: database)
    let listed: Bool
    do {
      listed = try await list(.all(ofType: type), on: database).contains { $0.id == id }
    } catch let error as BeadStoreError {
      throw BeadStoreError(.unavailable, attempt: attempt, message: error.message)
    }
    switch try await showing[id] {
    case .known(nil) where listed:
      throw BeadStoreError(.unavailable, attempt: attempt, message: await contradiction(id, on: database))
    case .known(nil): return
    case .known(.some): throw BeadStoreError(.refused, attempt: attempt, message: "\(id) exists already")
    case .unknown(let reason): throw BeadStoreError(.unavailable, attempt: attempt, message: reason)
    case nil: throw BeadStoreError(.unreadable, attempt: attempt, message: "no answer for '\(id)'")
    }
  }

  /// The id of the bead that `bd create` has printed.
  private func createdID(_ result: CommandResult, of draft: BeadDraft, attempt: String) throws(BeadStoreError) -> String
  {
    var printed = BdWording.createdID(result.output)
    do throws(BdOutput.Unreadable) {
      printed = try BdOutput.bead(result.standardOutput).id
    } catch {
      guard printed != nil || draft.id != nil else {
        throw BeadStoreError(.unreadable, attempt: attempt, message: error.description)
      }
    }
    guard let id = printed ?? draft.id, draft.id == nil || id == draft.id else {
      throw BeadStoreError(
        .refused, attempt: attempt, message: "bd reports that it created \(quotedForDisplay(printed ?? ""))")
    }
    return id
  }

  @concurrent package func update(_ id: String, _ change: BeadChange) async throws -> Bead {
    let attempt = "changing \(quotedForDisplay(id)) in \(townRoot)/.beads"
    try BeadRules.check(change, attempt: attempt)
    let found = try await require(id, attempt: attempt)
    return try await write(change, to: found, attempt: attempt) { bead in
      change.description.map { isSame($0, bead.description) } ?? true
    }
  }

  @concurrent package func setAgent(_ id: String, state: AgentState?, hook: HookChange?) async throws -> Bead {
    let attempt = "setting the agent fields of \(quotedForDisplay(id)) in \(townRoot)/.beads"
    let found = try await require(id, attempt: attempt)
    guard let description = try found.bead.settingAgent(state: state, hook: hook, attempt: attempt) else {
      return found.bead
    }
    return try await write(BeadChange(description: description), to: found, attempt: attempt) { bead in
      // The fields alone: another writer may have changed another line meanwhile.
      (state.map { $0 == bead.agentState } ?? true) && (hook.map { $0.value == bead.hookBead } ?? true)
    }
  }

  @concurrent package func close(_ id: String, reason: String) async throws -> Bead {
    let attempt = "closing \(quotedForDisplay(id)) in \(townRoot)/.beads"
    let found = try await require(id, attempt: attempt)
    if found.bead.status.isOver { return found.bead }
    let arguments = ["close", id] + (reason.isEmpty ? [] : ["--reason=\(displayable(reason))"])
    let result = try await client.run(arguments, on: found.database, attempt: attempt)
    guard result.succeeded else { throw client.failure(result, of: id, attempt: attempt) }
    let bead = try await readBack(id, type: found.bead.type, on: found.database, attempt: attempt)
    guard bead.status.isOver else {
      throw BeadStoreError(
        .refused, attempt: attempt, message: "\(id) is still \(bead.status.rawValue): \(BdOutput.reason(result))")
    }
    return bead
  }

  private func write(
    _ change: BeadChange, to found: Located, attempt: String, holds: (Bead) -> Bool
  ) async throws -> Bead {
    var options: [String] = []
    if let description = change.description {
      try checkLength(description, attempt: attempt)
      options.append("--description=\(description)")
    }
    if let status = change.status { options.append("--status=\(status.rawValue)") }
    if let assignee = change.assignee { options.append("--assignee=\(assignee)") }
    guard !options.isEmpty else { return found.bead }
    let result = try await client.run(["update", found.bead.id] + options, on: found.database, attempt: attempt)
    guard result.succeeded else { throw client.failure(result, of: found.bead.id, attempt: attempt) }
    let bead = try await readBack(found.bead.id, type: found.bead.type, on: found.database, attempt: attempt)
    guard holds(bead), change.status.map({ $0 == bead.status }) ?? true,
      change.assignee.map({ $0 == bead.assignee }) ?? true
    else {
      let reason = result.standardError.isEmpty ? "it was not stored as it was given" : BdOutput.reason(result)
      throw BeadStoreError(.refused, attempt: attempt, message: reason)
    }
    return bead
  }

  /// The bead and its database. Its exact id is made sure of, since `bd update` takes a short id
  /// for the beginning of a longer one.
  private func require(_ id: String, attempt: String) async throws -> Located {
    try BeadRules.checkID(id, attempt: attempt)
    switch try await locate([id])[id] {
    case .known(let located?): return located
    case .known(nil): throw BeadStoreError(.notFound, attempt: attempt, message: "there is no bead '\(id)'")
    case .unknown(let reason): throw BeadStoreError(.unavailable, attempt: attempt, message: reason)
    case nil: throw BeadStoreError(.unreadable, attempt: attempt, message: "no answer for '\(id)'")
    }
  }

  /// What is stored under an id, after a write. Where it is not shown, a list is proof too.
  private func readBack(_ id: String, type: String, on database: BeadDatabase, attempt: String) async throws -> Bead {
    switch try await show([id], on: database)[id] {
    case .known(let bead?): return bead
    case .known(nil):
      let listed: [Bead]
      do {
        listed = try await list(.all(ofType: type), on: database)
      } catch let error as BeadStoreError {
        throw BeadStoreError(
          .unreadable, attempt: attempt, message: "written, but not read back: \(error.message)")
      }
      guard let bead = listed.first(where: { $0.id == id }) else {
        throw BeadStoreError(.refused, attempt: attempt, message: "bd did not store '\(id)'")
      }
      _ = await contradiction(id, on: database)
      return bead
    case .unknown(let reason):
      throw BeadStoreError(.unreadable, attempt: attempt, message: "written, but not read back: \(reason)")
    case nil: throw BeadStoreError(.unreadable, attempt: attempt, message: "written, but not read back")
    }
  }

  /// Whether two texts are the same but for white space at the end, which a store may take off.
  private func isSame(_ left: String, _ right: String) -> Bool {
    left == right || left.trimmingTrailingWhitespace == right.trimmingTrailingWhitespace
  }

  private func arguments(of draft: BeadDraft) -> [String] {
    var arguments = ["create", "--json"]
    if let id = draft.id { arguments.append("--id=\(id)") }
    arguments += [
      "--type=\(draft.type)", "--title=\(draft.title)", "--description=\(draft.description)",
      "--priority=\(draft.priority)",
    ]
    if !draft.assignee.isEmpty { arguments.append("--assignee=\(draft.assignee)") }
    if !draft.labels.isEmpty { arguments.append("--labels=\(draft.labels.joined(separator: ","))") }
    if let author = draft.author { arguments.append("--actor=\(author)") }
    if draft.isEphemeral { arguments.append("--ephemeral") }
    return arguments
  }

  private func checkLength(_ text: String, attempt: String) throws(BeadStoreError) {
    guard text.utf8.count <= BeadRules.longestText else {
      throw BeadStoreError(
        .refused, attempt: attempt,
        message: "the text has \(text.utf8.count) bytes; bd can be given \(BeadRules.longestText)")
    }
  }
}
