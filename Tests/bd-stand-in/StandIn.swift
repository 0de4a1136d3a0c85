// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The subcommands.
struct StandIn {
  static let statuses: Set<String> = [
    "open", "in_progress", "blocked", "deferred", "closed", "tombstone", "pinned", "hooked",
  ]

  var place: Place?
  var invocation: Invocation
  var release: Release
  /// Whether bd's helper process is to be the one that answers.
  var hasHelper: Bool { place?.has("stand-in-helper") == true }

  func run(_ output: inout Output) throws(Refusal) {
    if let complaint = invocation.complaint { throw Refusal(complaint) }
    if invocation.has("--flat"), !release.knowsFlat { throw Refusal("unknown flag: --flat") }
    if invocation.has("--version") || invocation.subcommand == "version" { return version(&output) }
    if invocation.subcommand == "init" { return try initialize(&output) }
    guard let place else {
      throw Refusal(
        """
        no beads database found
        Hint: run 'bd init' to create a database in the current directory
              or use 'bd --no-db' to work with JSONL only (no SQLite)
              or set BEADS_DIR to point to your .beads directory
        """)
    }
    if place.has("routes.jsonl"), !place.has("issues.jsonl"), !place.has("beads.jsonl") {
      output.errors +=
        "Auto-import failed: error creating depth-0 issues: validation failed for issue 0: title is required\n"
    }
    if release.hasObjectErrors {
      output.errors +=
        "Warning: \(place.directory) has permissions 0755 (recommended: 0700). Run: chmod 700 \(place.directory)\n"
    }
    switch invocation.subcommand {
    case "list": try list(&output, place)
    case "show": try show(&output, place)
    case "create": try create(&output, place)
    case "update": try update(&output, place)
    case "close": try close(&output, place)
    case "delete": try delete(&output, place)
    case "slot" where release.hasSlots: try slot(&output, place)
    case "agent" where release.hasSlots: try agent(&output, place)
    case "sync" where release.hasSync: if !invocation.has("--flush-only") { output.text += "\n✓ Sync complete\n" }
    default: throw Refusal("unknown command \"\(invocation.subcommand)\" for \"bd\"")
    }
  }

  private func version(_ output: inout Output) {
    guard invocation.has("--json") else {
      output.text += "bd version \(release.name) (dev)\n"
      return
    }
    let members: [(String, JSONText.Value)] = [
      ("branch", .text("main")), ("build", .text("dev")), ("version", .text(release.name)),
    ]
    output.text += JSONText.object(members, indent: "") + "\n"
  }

  private func initialize(_ output: inout Output) throws(Refusal) {
    let directory = Place.environment("BEADS_DIR") ?? ".beads"
    mkdir(directory, 0o750)
    let place = Place(directory: directory)
    guard !place.has("stand-in.json") else { throw Refusal("database already exists") }
    var database = Database()
    database.prefix = invocation.value("--prefix") ?? "gt"
    try database.save(place)
    output.text += "\n✓ bd initialized successfully!\n"
  }

  private func list(_ output: inout Output, _ place: Place) throws(Refusal) {
    let wanted = invocation.list("--label")
    let status = invocation.value("--status").flatMap { $0 == "all" ? nil : $0 }
    if let status, release.isDolt, !release.statuses.contains(status) { throw Refusal("invalid status \"\(status)\"") }
    let hidesClosed = release.limits && !invocation.has("--all") && invocation.value("--status") == nil
    let found = try Database.load(place).beads.filter { bead in
      (invocation.value("--type").map { $0 == bead.type } ?? true)
        && (status.map { $0 == bead.status } ?? true)
        && (invocation.value("--assignee").map { $0 == bead.assignee } ?? true)
        && wanted.allSatisfy { bead.labels.contains($0) }
        && (bead.status != "tombstone" || invocation.value("--status") == "tombstone")
        && !(hidesClosed && bead.status == "closed")
    }
    var sorted = found.enumerated().sorted { ($0.element.priority, -$0.offset) < ($1.element.priority, -$1.offset) }
      .map(\.element)
    let limit = limit
    if limit > 0, sorted.count > limit {
      sorted = Array(sorted.prefix(limit))
      if release.tellsCuts, !release.words.contains("capped") {
        output.errors += """
          Showing \(limit) issues; more results matched but were hidden by --limit. Use --limit 0 for all, or --limit N to \
          raise the cap.

          """
      }
    }
    if sorted.isEmpty, release.words.contains("silent") { return }
    if release.printsTree, !invocation.has("--flat") {
      output.text += sorted.isEmpty ? "No issues found.\n" : ""
      for bead in sorted { output.text += "○ \(bead.id) ● P\(bead.priority) \(bead.title)\n" }
    } else if sorted.isEmpty, release.saysEmpty {
      output.text += "No issues found.\n"
    } else if invocation.has("--json") {
      output.text += enveloped(JSONText.array(sorted.map { $0.members(counts: true) }))
    } else {
      for bead in sorted {
        output.text += "\(bead.id) [P\(bead.priority)] [\(bead.type)] \(bead.status) - \(bead.title)\n"
      }
    }
  }

  /// How many rows a list has at most; 0 is all.
  private var limit: Int {
    guard release.limits else { return 0 }
    if release.words.contains("capped") { return 50 }
    if let limit = invocation.value("--limit").flatMap({ Int($0) }) { return limit }
    return Place.environment("CLAUDE_CODE") == nil ? 50 : 20
  }

  /// JSON as it is, or in an envelope.
  func enveloped(_ json: String) -> String {
    release.words.contains("envelope") ? "{\n  \"data\": \(json.dropLast()),\n  \"schema_version\": 1\n}\n" : json
  }

  private func show(_ output: inout Output, _ place: Place) throws(Refusal) {
    guard !invocation.words.isEmpty else { throw Refusal("requires at least 1 arg(s), only received 0") }
    var found: [Record] = []
    for word in invocation.words {
      do throws(Refusal) {
        let database = try Database.load(routed(word, from: place))
        let bead = database.beads[try database.resolve(word)]
        if release.words.contains("hides"), bead.ephemeral { throw Refusal("no issue found matching \"\(word)\"") }
        found.append(bead)
      } catch {
        if hasHelper {
          // The first that is missing is the answer to the whole call.
          output.text =
            JSONText.object([("error", .text(StandIn.helper(error.text, resolving: word)))], indent: "") + "\n"
          output.status = 1
          return
        }
        output.errors += "Error fetching \(word): \(error.text)\n"
      }
    }
    if found.isEmpty, release.isDolt {
      let reason = JSONText.Value.text("no issues found matching the provided IDs")
      output.text += JSONText.object([("error", reason)], indent: "") + "\n"
      output.status = 1
    }
    guard !found.isEmpty else { return }
    if invocation.has("--json") {
      output.text += enveloped(JSONText.array(found.map { $0.members(slots: true) }))
    } else {
      for bead in found {
        output.text += "\n\(bead.id): \(bead.title)\nStatus: \(bead.status)\n\n\(bead.description)\n"
      }
    }
  }

  /// What the helper process makes of a reason for which an id names no bead.
  static func helper(_ reason: String, resolving id: String) -> String {
    "resolving ID \(id): operation failed: failed to resolve ID: \(reason)"
  }

  /// The database that the routes name for an id; this one where there is none.
  private func routed(_ id: String, from place: Place) -> Place {
    struct Route: Decodable {
      var prefix: String
      var path: String
    }
    for line in (place.read("routes.jsonl") ?? []).split(separator: UInt8(ascii: "\n")) {
      guard let route = try? JSONDecoder().decode(Route.self, from: Data(line)), id.hasPrefix(route.prefix) else {
        continue
      }
      let directory = "\(place.directory)/../\(route.path)/.beads"
      if Place.isDirectory(directory) { return Place(directory: directory) }
    }
    return place
  }
}
