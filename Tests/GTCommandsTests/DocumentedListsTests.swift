// SPDX-License-Identifier: Apache-2.0

import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// The lists of the manual pages are those of the code: each event, field, variable, file and range.
@Suite struct DocumentedListsTests {
  private static func page(_ name: String) -> String {
    let source = #filePath
    let root = source.firstRange(of: "/Tests/GTCommandsTests/").map { source[..<$0.lowerBound] } ?? ""
    let text = TestFile.text("\(root)/packaging/man/\(name)") ?? ""
    return text.replacing("\\-", with: "-").replacing("\\(dq", with: "\"").replacing("\\fB", with: "")
      .replacing("\\fR", with: "").replacing("\\fI", with: "")
  }

  private static let daemon = page("gastown-daemon.8")
  private static let gt = page("gt.1.in")
  private static let settings = page("gastown-daemon.json.5")

  /// The entries of one section: what stands behind `.TP`.
  private static func terms(_ title: String, of page: String) -> [String] {
    let section = page.split(separator: "\n.SH ").first { $0.hasPrefix("\(title)\n") } ?? ""
    return section.split(separator: ".TP\n").dropFirst().compactMap { $0.split(separator: "\n").first.map(String.init) }
  }

  @Test func `gastown-daemon(8) has every event with its MESSAGE_ID, and no other`() {
    let documented = Self.terms("EVENTS", of: Self.daemon)
    let expected = EventKind.allCases.map { ".BR \($0.rawValue) \" (\($0.messageID))\"" }
    #expect(documented == expected)
  }

  @Test func `gastown-daemon(8) has every field of an event, and no other`() throws {
    var event = TownEvent(
      .crashDetected, agent: .polecat(rig: "rig", name: "toast"), message: "x", bead: "gt-1", pid: 7,
      cause: .exited(status: 1), restarts: 2, reason: "y")
    (event.id, event.capsule, event.unit, event.lastWords) = ("1", "c", "u.scope", ["w"])
    var killed = event
    killed.cause = .signalled(9)
    let recorded = RecordedJournal()
    for event in [event, killed] { recorded.journal("/town").record(event) }
    let fields = Set(recorded.entries.flatMap { $0.fields.keys }).subtracting(["MESSAGE_ID"]).union(["GT_DROPPED"])
    let documented = Self.terms("JOURNAL FIELDS", of: Self.daemon).map { $0.replacing(".B ", with: "") }
    #expect(Set(documented) == fields && documented.count == fields.count)
  }

  @Test func `gt(1) has every variable that an agent gets`() {
    let layout = TownLayout(root: "/town")
    let agents: [AgentIdentity] = [.polecat(rig: "rig", name: "toast"), .crew(rig: "rig", name: "ada"), .deacon]
    let names = Set(agents.flatMap { AgentEnvironment.variables(of: $0, layout: layout).keys }).union(["GT_LIFE"])
    let documented = Self.terms("ENVIRONMENT", of: Self.gt).joined(separator: " ")
      .split { !$0.isLetter && $0 != "_" }.map(String.init)
    #expect(names.subtracting(documented) == [])
  }

  @Test func `gastown-daemon(8) has every file that the daemon keeps in a town`() {
    let layout = TownLayout(root: "/town")
    let files = [
      layout.registry, layout.settings, layout.lock, layout.state, layout.activity, layout.ledger, layout.holds,
      layout.crashes, layout.history, layout.embeddedStore, layout.pendingSpawns,
    ].map { String($0.dropFirst("/town/".count)) }
    let documented = Self.terms("FILES", of: Self.daemon).map { $0.replacing(".I ", with: "") }
      .map { $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
    #expect(Set(files).subtracting(documented) == [])
  }

  /// Each setting with a range: its key, the least and the largest value, as the page has them.
  private static let ranges: [(key: String, least: String, most: String)] = {
    settings.split(separator: "\n").compactMap { line in
      guard line.hasPrefix(".BR "), let open = line.firstRange(of: " \" (")?.lowerBound else { return nil }
      let key = line[line.index(line.startIndex, offsetBy: 4)..<open]
      let parts = line[open...].split(separator: "(").last?.split(separator: ";").first?.split(separator: ", ") ?? []
      guard let range = parts.dropFirst().first?.split(separator: " "), range.count == 3, range[1] == "to" else {
        return nil
      }
      return (String(key), String(range[0]), String(range[2]))
    }
  }()

  private func settings(_ key: String, _ value: JSONValue) throws -> TownSettings {
    var parts = key.split(separator: ".").map(String.init)
    if parts.count == 1 { parts = ["agents", "polecat"] + parts }
    var json = value
    for part in parts.reversed() { json = .object([part: json]) }
    // The pause before the second restart may be no longer than the longest one.
    if key == "restart.initial", case .object(var members) = json, case .object(var inner)? = members["restart"] {
      inner["max"] = .string("7d")
      members["restart"] = .object(inner)
      json = .object(members)
    }
    if key == "restart.max", case .object(var members) = json, case .object(var inner)? = members["restart"] {
      inner["initial"] = .string("1ms")
      members["restart"] = .object(inner)
      json = .object(members)
    }
    return try TownSettings(json: json)
  }

  @Test func `gastown-daemon.json(5) has the range of every duration and whole number, as it is checked`() throws {
    let limited = SettingsListing(TownSettings(), file: nil, tmuxSocket: nil).entries.map(\.key).filter { key in
      ["heartbeat.", "restart.", "deadlines."].contains { key.hasPrefix($0) }
        || (key.hasPrefix("checks.") && !["mass_share", "disk_free", "memory_pressure"].contains { key.hasSuffix($0) })
    }
    #expect(Set(limited).subtracting(Self.ranges.map(\.key)) == [])
    for (key, least, most) in Self.ranges where !most.contains(where: { $0 == "." }) {
      func value(_ text: String, _ step: Int64) throws -> JSONValue {
        if let number = Int64(text) { return .integer(number + step) }
        let duration = try #require(Duration(setting: text), "\(key): \(text)")
        return .string("\(duration.wholeMilliseconds + step)ms")
      }
      for (text, step) in [(least, Int64(0)), (most, 0)] {
        #expect(throws: Never.self, "\(key) = \(text)") { try settings(key, value(text, step)) }
      }
      let tooMuch = #expect(throws: SettingsError.self, "\(key) above \(most)") { try settings(key, value(most, 1)) }
      #expect(tooMuch?.reason.hasSuffix("is out of range: \(least) to \(most)") == true, "\(tooMuch as Any)")
      if least != "0s" {
        #expect(throws: SettingsError.self, "\(key) below \(least)") { try settings(key, value(least, -1)) }
      }
    }
  }

  @Test func `gastown-daemon.json(5) has the keys of what notify gets, and the events`() throws {
    let text = Self.settings.split(separator: ".BR notify ").dropFirst().first?.split(separator: ".SH").first ?? ""
    let words = Set(text.split { !$0.isLetter && $0 != "_" }.map(String.init))
    let announcement = Announcement(TownEvent(.massDeath, message: "x"), at: Timestamp(nanoseconds: 0))
    let keys = Mirror(reflecting: announcement).children.compactMap(\.label)
    #expect(Set(keys).subtracting(words) == [])
    for kind in EventKind.allCases where TownEvent(kind, agent: .deacon, message: "x").concernsPerson {
      #expect(words.contains(kind.rawValue), "\(kind.rawValue)")
    }
  }
}
