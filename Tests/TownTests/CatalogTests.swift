// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
@testable import Town

/// The journal's catalog and the events are kept in step.
@Suite struct CatalogTests {
  private struct Entry {
    var id: String
    var lines: [String]

    /// The fields that the text takes over from the event.
    var fields: Set<String> {
      let text = lines.joined(separator: "\n")
      return Set(text.matches(of: /@([A-Z_]+)@/).map { String($0.output.1) })
    }
  }

  private static let entries: [Entry] = {
    let source = #filePath
    guard let end = source.firstRange(of: "/Tests/") else { return [] }
    let text = TestFile.text("\(source[..<end.lowerBound])/systemd/gastown.catalog") ?? ""
    return text.split(separator: "\n", omittingEmptySubsequences: false).reduce(into: []) { entries, line in
      if let id = String(line).removingPrefix("-- ") {
        entries.append(Entry(id: id, lines: []))
      } else if !entries.isEmpty {
        entries[entries.count - 1].lines.append(String(line))
      }
    }
  }()

  @Test func `every event has one entry, and every entry an event`() {
    #expect(Self.entries.map(\.id).sorted() == EventKind.allCases.map(\.messageID).sorted())
  }

  @Test(arguments: EventKind.allCases) func `an entry says what happened, from fields that its event always has`(
    kind: EventKind
  ) throws {
    let entry = try #require(Self.entries.first { $0.id == kind.messageID })
    #expect(entry.lines.first?.hasPrefix("Subject: ") == true)
    #expect(entry.lines.contains("Defined-By: gastown-daemon"))
    let header = entry.lines.prefix { !$0.isEmpty }
    #expect(entry.lines.dropFirst(header.count).contains { !$0.isEmpty }, "there is no text")
    #expect(entry.fields.isSubset(of: kind.fields), "\(entry.fields.subtracting(kind.fields).sorted())")
  }
}
