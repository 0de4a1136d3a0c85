// SPDX-License-Identifier: Apache-2.0

internal import Town

/// What a beat would do now, as a table for people.
package enum ExplanationText {
  package static func lines(_ judgements: [Judgement]) -> [String] {
    guard !judgements.isEmpty else { return ["This town has no agents."] }
    let rows =
      [["AGENT", "DECISION", "RULE", "REASON"]]
      + judgements.flatMap { judgement in
        judgement.steps.map { step in
          [
            displayable(judgement.agent), step.decision.what, step.decision.rule ?? "-",
            HistoryText.line(step.decision) + next(step),
          ]
        }
      }
    return TextTable.lines(rows)
  }

  /// What goes without saying is left out: who lives is left to work, who rests is left to rest.
  private static func next(_ step: Judgement.Step) -> String {
    switch Finding.Decision(rawValue: step.decision.what) {
    case .alive where step.next.at == nil, .leave?: ""
    default: "; next: \(step.next.line)"
    }
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
