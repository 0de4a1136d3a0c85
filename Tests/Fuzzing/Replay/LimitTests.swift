// SPDX-License-Identifier: Apache-2.0

import Commands
import Testing
import TownFiles

@testable import Beads
@testable import Control
@testable import Processes
@testable import Tmux

/// docs/fuzzing.md says how much of anything is read; these are the numbers of the programs.
@Suite("The limits of what is read")
struct LimitTests {
  private static let limits: [String: Int] = [
    "FileLimit.settings": FileLimit.settings, "FileLimit.registry": FileLimit.registry,
    "FileLimit.agentState": FileLimit.agentState, "FileLimit.hold": FileLimit.hold,
    "FileLimit.pendingSpawns": FileLimit.pendingSpawns, "FileLimit.daemonState": FileLimit.daemonState,
    "FileLimit.ledger": FileLimit.ledger, "FileLimit.capsule": FileLimit.capsule,
    "FileLimit.history": FileLimit.history, "FileLimit.evidenceIndex": FileLimit.evidenceIndex,
    "FileLimit.processNumber": FileLimit.processNumber,
    "FileLimit.environment": FileLimit.environment, "FileLimit.unit": FileLimit.unit,
    "Disk.largestFile": Disk.largestFile,
    "SmallFile.largest": SmallFile.largest, "BdClient.outputLimit": BdClient.outputLimit,
    "Command.outputLimit": Command("git", deadline: .seconds(1)).outputLimit,
    "ProcessFiles.largest": ProcessFiles.largest,
    "ControlLimits.requestBytes": ControlLimits().requestBytes, "ReplySplitter.largest": ReplySplitter.largest,
  ]

  private static let root = Disk.parent(of: Disk.parent(of: Disk.parent(of: Disk.parent(of: #filePath))))

  private static func lines(_ path: String) throws -> [Substring] {
    String(decoding: try Disk.read("\(root)/\(path)"), as: UTF8.self).split(separator: "\n")
  }

  @Test("the page says what the programs do")
  func page() throws {
    var told: [String: Int] = [:]
    for line in try Self.lines("docs/fuzzing.md") where line.hasPrefix("| ") && line.hasSuffix("` |") {
      let cells = line.split(separator: "|").map { $0.trimmingWhitespace }
      let size = cells[1].split(separator: " ")
      guard cells.count == 3, size.count == 2, let number = Int(size[0]) else { continue }
      let units = ["KB": 1 << 10, "MB": 1 << 20]
      told[cells[2].filter { $0 != "`" }] = number * (units[String(size[1])] ?? 0)
    }
    #expect(told == Self.limits)
  }

  @Test("no file's limit is left out")
  func all() throws {
    let names = try Self.lines("Sources/TownFiles/FileLimit.swift").compactMap { line in
      line.trimmingWhitespace.split(separator: " ").dropFirst(3).first.map { "FileLimit.\($0)" }
        .flatMap { line.contains("package static let ") ? $0 : nil }
    }
    #expect(names.count > 5 && names.allSatisfy { Self.limits[$0] != nil })
  }
}
