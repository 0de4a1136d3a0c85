// SPDX-License-Identifier: Apache-2.0

extension Plan {
  /// What rules 5 to 7 are about to do, told like the other rules' findings.
  package var dutyFindings: [Finding] {
    marks.map { order in
      Finding(
        subject: order.agent.address, session: order.agent.session, rule: .staleAgents, decision: .mark,
        reason: "it runs nowhere, and its bead \(order.bead) has not changed since \(order.since)")
    }
      + notices.compactMap { notice in
        let rule: WorkRule.Rule? =
          switch notice.key {
          case Notice.guppKey: .guppViolations
          case Notice.orphanKey: .orphanedWork
          default: nil
          }
        return rule.map {
          Finding(
            subject: notice.agent.address, session: notice.agent.session, rule: $0, decision: .tell,
            reason: "\(notice.recipients.joined(separator: ", ")): \(notice.subject)")
        }
      }
  }
}
