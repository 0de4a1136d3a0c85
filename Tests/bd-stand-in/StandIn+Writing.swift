// SPDX-License-Identifier: Apache-2.0

extension StandIn {
  func create(_ output: inout Output, _ place: Place) throws(Refusal) {
    let title = invocation.value("--title") ?? invocation.words.first ?? ""
    guard !title.isEmpty else { throw Refusal("title required (or use --file to create from markdown)") }
    guard title.utf8.count <= 500 else {
      throw Refusal("validation failed: title must be 500 characters or less (got \(title.utf8.count))")
    }
    guard let priority = Int(invocation.value("--priority") ?? "2"), (0...4).contains(priority) else {
      throw Refusal(
        "invalid priority \"\(invocation.value("--priority") ?? "")\" "
          + "(expected 0-4 or P0-P4, not words like high/medium/low)"
      )
    }
    let description = invocation.value("--description") ?? ""
    let type = invocation.value("--type") ?? "task"
    if type == "agent", !release.isDolt, let id = invocation.value("--id") { try checkAgentID(id) }
    let record = try place.locked { () throws(Refusal) in
      var database = try Database.load(place)
      if let id = invocation.value("--id"), !id.hasPrefix("\(database.prefix)-"), !invocation.has("--force") {
        let given = id.split(separator: "-").first ?? ""
        throw Refusal(
          "prefix mismatch: database uses '\(database.prefix)' but you specified '\(given)' (use --force to override)")
      }
      let now = Database.now()
      let record = Record(
        id: invocation.value("--id") ?? database.freeID(), title: title, description: description, priority: priority,
        type: type, assignee: invocation.value("--assignee") ?? "", createdAt: now, createdBy: actor, updatedAt: now,
        labels: invocation.list("--labels"),
        ephemeral: invocation.has("--ephemeral") || release.isDolt && ["agent", "message"].contains(type))
      if let index = database.beads.firstIndex(where: { $0.id == record.id }) {
        // A duplicate is printed, and not stored; or it takes the place of what is there.
        guard release.isDolt else { return record }
        database.beads[index].title = record.title
        database.beads[index].description = record.description
        database.beads[index].updatedAt = Database.wholeSeconds(now)
      } else {
        var stored = record
        if release.isDolt {
          stored.createdAt = Database.wholeSeconds(now)
          stored.updatedAt = Database.wholeSeconds(now)
        }
        database.beads.append(stored)
      }
      try save(database, place)
      return record
    }
    if description.isEmpty {
      output.errors += """
        ⚠ Creating issue without description.
          Issues without descriptions lack context for future work.
          Consider adding --description="Why this issue exists and what needs to be done"

        """
    }
    if invocation.has("--json") {
      let object = JSONText.object(record.members(), indent: "") + "\n"
      output.text += hasHelper ? JSONText.line(record.members()) : enveloped(object)
    } else {
      output.text += "✓ Created issue: \(record.id)\n  Title: \(title)\n  Priority: P\(priority)\n  Status: open\n"
    }
  }

  func update(_ output: inout Output, _ place: Place) throws(Refusal) {
    var printed: [Record] = []
    for word in invocation.words {
      let refusal = try place.locked { () throws(Refusal) -> String? in
        var database = try Database.load(place)
        let index = try resolve(word, in: database)
        var bead = database.beads[index]
        if let status = invocation.value("--status") {
          guard release.statuses.contains(status) else {
            if release.isDolt { throw Refusal("invalid status \"\(status)\"") }
            let operation = hasHelper ? "operation failed: failed to update issue: " : ""
            return "\(operation)validate field update: invalid status: \(status)"
          }
          bead.status = status
          if status == "closed" { bead.closedAt = bead.closedAt ?? now } else { bead.closedAt = nil }
          if status != "closed" { bead.closeReason = nil }
        }
        if let description = invocation.value("--description") { bead.description = description }
        if let assignee = invocation.value("--assignee") { bead.assignee = assignee }
        if let title = invocation.value("--title") { bead.title = title }
        bead.updatedAt = now
        database.beads[index] = bead
        try save(database, place)
        printed.append(bead)
        return nil
      }
      if let refusal {
        output.errors += "Error updating \(word): \(refusal)\n"
      } else if !invocation.has("--json") {
        output.text += "✓ Updated issue: \(printed.last?.id ?? word)\n"
      }
    }
    if invocation.has("--json"), !printed.isEmpty {
      output.text += JSONText.array(printed.map { $0.members(slots: true) })
    }
  }

  func close(_ output: inout Output, _ place: Place) throws(Refusal) {
    let reason = invocation.value("--reason") ?? "Closed"
    for word in invocation.words {
      let id = try change(word, place) { bead in
        bead.status = "closed"
        bead.closedAt = now
        bead.closeReason = reason
      }
      output.text += "✓ Closed \(id): \(reason)\n"
    }
  }

  func delete(_ output: inout Output, _ place: Place) throws(Refusal) {
    for word in invocation.words {
      if release.isDolt {
        try place.locked { () throws(Refusal) in
          var database = try Database.load(place)
          let index = try resolve(word, in: database)
          database.beads.remove(at: index)
          try save(database, place)
        }
        output.text += "✓ Deleted \(word)\n"
        continue
      }
      let id = try change(word, place) { bead in
        bead.status = "tombstone"
        bead.deletedAt = Database.now()
        bead.deletedBy = hasHelper ? "batch delete" : actor
      }
      output.text += "✓ Deleted \(id)\n"
      if !hasHelper { output.text += "  Removed 0 dependency link(s)\n  Updated text references in 0 issue(s)\n" }
    }
  }

  /// `slot set AGENT SLOT BEAD`
  func slot(_ output: inout Output, _ place: Place) throws(Refusal) {
    guard invocation.words.count == 4, invocation.words[0] == "set" else { throw Refusal("unknown slot command") }
    let words = invocation.words
    do throws(Refusal) {
      _ = try Database.load(place).resolve(words[3])
    } catch {
      let operation = hasHelper ? "operation failed: failed to resolve ID: " : ""
      throw Refusal("failed to resolve bead \(words[3]): \(operation)\(error.text)")
    }
    let id = try change(words[1], place) { bead in
      if words[2] == "hook" { bead.hookBead = words[3] } else { bead.roleBead = words[3] }
    }
    output.text += "✓ Set \(id).\(words[2]) = \(words[3])\n"
  }

  /// `agent state AGENT STATE`, `agent heartbeat AGENT`
  func agent(_ output: inout Output, _ place: Place) throws(Refusal) {
    let words = invocation.words
    guard words.count >= 2 else { throw Refusal("unknown agent command") }
    let id = try change(words[1], place) { bead in
      if words[0] == "state", words.count == 3 { bead.agentState = words[2] }
      bead.lastActivity = Database.now()
    }
    output.text += words[0] == "state" ? "✓ \(id) state=\(words.last ?? "")\n" : "✓ \(id) heartbeat\n"
  }

  private func resolve(_ word: String, in database: Database) throws(Refusal) -> Int {
    do throws(Refusal) {
      return try database.resolve(word)
    } catch {
      throw hasHelper ? Refusal(StandIn.helper(error.text, resolving: word)) : error
    }
  }

  private func change(_ word: String, _ place: Place, _ body: (inout Record) -> Void) throws(Refusal) -> String {
    try place.locked { () throws(Refusal) in
      var database = try Database.load(place)
      let index = try resolve(word, in: database)
      body(&database.beads[index])
      database.beads[index].updatedAt = now
      try save(database, place)
      return database.beads[index].id
    }
  }

  private func save(_ database: Database, _ place: Place) throws(Refusal) {
    let faults = Faults.read(from: place)
    if faults.silentWrite == true, faults.applies(to: invocation) { return }
    try database.save(place)
  }

  /// The time that is stored with a change.
  private var now: String { release.isDolt ? Database.wholeSeconds(Database.now()) : Database.now() }

  private var actor: String {
    invocation.value("--actor") ?? Place.environment("BD_ACTOR") ?? Place.environment("USER") ?? "unknown"
  }

  /// `gt-mayor`, `gt-<rig>-witness`, `gt-<rig>-polecat-<name>` and their like.
  private func checkAgentID(_ id: String) throws(Refusal) {
    guard id.contains("-"), !hasHelper || id.hasPrefix("gt-") else {
      throw Refusal("invalid agent ID: agent ID must start with 'gt-' (got \"\(id)\")")
    }
    let parts = id.split(separator: "-").map(String.init)
    guard parts.first == "gt" else { return }
    if parts.count == 2, ["mayor", "deacon"].contains(parts[1]) { return }
    if parts.count >= 3, ["witness", "refinery"].contains(parts[parts.count - 1]) { return }
    if parts.count >= 4, let role = parts.lastIndex(where: { $0 == "crew" || $0 == "polecat" }), role >= 2,
      role < parts.count - 1
    {
      return
    }
    throw Refusal(
      "invalid agent ID: invalid agent format: expected gt-<rig>-<role>-<name> "
        + "where role is one of: crew, polecat (got \"\(id)\")"
    )
  }
}
