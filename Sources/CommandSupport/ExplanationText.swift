// SPDX-License-Identifier: Apache-2.0

import Town

/// What a beat would do now, as a table for people.
package enum ExplanationText {
  package static func lines(_ judgements: [Judgement]) -> [String] {
    guard !judgements.isEmpty else { return ["This town has no agents."] }
    let rows =
      [["AGENT", "DECISION", "RULE", "REASON"]]
      + judgements.flatMap { judgement in
        judgement.steps.map { step in
          [
            displayable(judgement.agent), displayable(step.decision.what), displayable(step.decision.rule ?? "-"),
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
