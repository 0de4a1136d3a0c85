// SPDX-License-Identifier: Apache-2.0

package import Town

/// Findings as a table for people.
package enum ExplanationText {
  package static func lines(_ findings: [Finding]) -> [String] {
    guard !findings.isEmpty else { return ["This town has no agents."] }
    let rows =
      [["AGENT", "DECISION", "RULE", "REASON"]]
      + findings.map { finding in
        let until = finding.until.map { " (until \($0))" } ?? ""
        return [
          displayable(finding.subject), finding.decision.rawValue, finding.rule.rawValue,
          displayable(finding.reason) + until,
        ]
      }
    return TextTable.lines(rows)
  }
}

/// Columns that line up.
package enum TextTable {
  /// - Parameter rows: all of the same number of cells; the last cell of a row is not padded.
  package static func lines(_ rows: [[String]]) -> [String] {
    guard let columns = rows.map(\.count).max() else { return [] }
    let widths = (0..<columns).map { column in rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0 }
    return rows.map { row in
      row.enumerated().map { column, cell in
        column == row.count - 1 ? cell : cell + String(repeating: " ", count: widths[column] - cell.count)
      }.joined(separator: "  ")
    }
  }
}
