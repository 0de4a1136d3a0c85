// SPDX-License-Identifier: Apache-2.0

import Foundation
import Town

/// Screens that real agents have shown: `claude` and `codex` with the cursor where it stood, and `drawn` as of programs
/// that hide it, which leave it below all that they have drawn.
///
/// A file's first line has the cursor's column and row and the pane's title.
enum RecordedScreens {
  static let directory = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Screens")

  static let names: [String] = ["claude", "codex", "drawn"].flatMap { folder in
    let files = try? FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path)
    return (files ?? []).sorted().map { "\(folder)/\($0)" }
  }

  static func screen(_ name: String) throws -> PaneScreen {
    let text = try String(contentsOf: directory.appending(path: name), encoding: .utf8)
    let lines = text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init)
    let facts = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    return PaneScreen(
      rows: Array(lines.dropFirst().dropLast()), column: Int(facts[0]) ?? -1, row: Int(facts[1]) ?? -1,
      title: String(facts[2]))
  }
}
