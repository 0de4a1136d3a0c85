// SPDX-License-Identifier: Apache-2.0

@testable import Town
import Testing

/// Each cause of an end, wherever it is told: after a subject it is a sentence.
@Suite struct ReasonTests {
  static let causes: [ExitCause?] = [
    .exited(status: 0), .exited(status: 3), .signalled(9), .serverGone, .sessionGone, .shellLeft, nil,
  ]
  private static let verbs = ["exited ", "was ", "is ", "ended,", "died "]

  private func isSentence(_ text: String, after subject: String) -> Bool {
    guard text.hasPrefix(subject + " ") else { return false }
    let rest = text.dropFirst(subject.count + 1)
    return Self.verbs.contains { rest.hasPrefix($0) }
  }

  @Test(arguments: causes) func `it is a predicate that holds the words which stand alone`(cause: ExitCause?) {
    #expect(isSentence("it \(cause.predicate)", after: "it"), "\(cause.predicate)")
    #expect(cause.predicate.contains(cause.words))
  }

  /// The observation in which a death of this cause is found.
  private func observation(_ cause: ExitCause?) -> (AgentObservation, Set<ServerIdentity>) {
    switch cause {
    case .exited?, .signalled?, nil: (Given.seen(Given.toast, Given.corpse(cause)), [Given.server])
    case .serverGone?: (Given.seen(), [])
    case .sessionGone?: (Given.seen(), [Given.server])
    case .shellLeft?: (Given.seen(Given.toast, Given.shell()), [Given.server])
    }
  }

  @Test(arguments: causes) func `the journal, the notices and the decision say it in sentences`(cause: ExitCause?) {
    let rules = TownRules(policy: Policy())
    let (observation, servers) = observation(cause)
    let plan = rules.decide(
      Given.snapshot([observation], servers: servers), ledger: Given.ledger(), busy: [])
    let event = plan.events.first { [.crashDetected, .agentStopped].contains($0.kind) }
    #expect(event.map { isSentence($0.message, after: "my-rig/toast") } == true, "\(event?.message ?? "none")")
    #expect(event?.reason?.hasPrefix(cause.words) == true, "\(event?.reason ?? "none")")
    for finding in plan.findings where finding.reason.contains(cause.words) {
      #expect(isSentence(finding.reason, after: "it"), "\(finding.reason)")
    }
    if cause != .exited(status: 0) { #expect(plan.findings.contains { $0.reason.contains(cause.words) }) }
    let notice = Notice.died(.mayor, hook: nil, cause: cause)
    #expect(isSentence(notice.body, after: "mayor"), "\(notice.body)")
    #expect(notice.subject.hasSuffix(": mayor \(cause.predicate)"), "\(notice.subject)")
    let ending = LaunchRule.Ending(cause: cause, grave: nil, words: nil).reason
    #expect(
      ending.hasSuffix("at once") && (isSentence(ending, after: "it") || ending == "it ended at once"), "\(ending)")
  }
}
