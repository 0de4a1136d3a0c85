// SPDX-License-Identifier: Apache-2.0

import Beads
import CommandSupport
import Town

/// Whether the beads can be read, and whether `bd`, where they are its, answers without contradicting itself.
struct BeadsCheck: DoctorCheck {
  let name = "beads"

  func run(in context: DoctorContext) async -> [CheckResult] {
    guard case .success(let town) = context.town, case .success(let store) = town.store else { return [] }
    if let store = store as? BdBeadStore {
      return await Self.judge(store.starting(nothingWithin: DoctorContext.deadline))
    }
    return [await Self.judge(store)]
  }

  /// The most beads of a kind that are both listed and shown.
  private static let mostCompared = 50

  static func judge(_ store: BdBeadStore) async -> [CheckResult] {
    do {
      let listing = try await store.agents()
      if let failure = listing.failures.first { return [broken(failure.reason)] }
      let mail = try await store.messages(for: AgentIdentity.deacon.mailbox, copies: false)
      let ids = listing.beads.map(\.id).sorted().prefix(mostCompared) + mail.map(\.id).prefix(mostCompared)
      let shown = try await store.beads(Array(ids))
      let remarks = store.remarks
      let failures = Set(shown.values.compactMap(\.failure)).subtracting(remarks).sorted()
      let findings = failures.prefix(1).map(broken) + remarks.map(doubtful)
      guard findings.isEmpty else { return findings }
      let version = await store.version()
      return [CheckResult(.ok, "store", "\(store.name) can be read (\(version))")]
    } catch {
      return [broken("\(error)")]
    }
  }

  private static func doubtful(_ remark: String) -> CheckResult {
    CheckResult(
      .warning, "bd", remark,
      why: "Where bd's answers are incomplete, the state is unknown: no agent is started or given up because of it."
    )
  }

  static func judge(_ store: any BeadStore) async -> CheckResult {
    do {
      let listing = try await store.agents()
      if let failure = listing.failures.first { return broken(failure.reason) }
      _ = try await store.messages(for: AgentIdentity.deacon.mailbox, copies: false)
      return CheckResult(.ok, "store", "\(store.name) can be read")
    } catch {
      return broken("\(error)")
    }
  }

  private static func broken(_ reason: String) -> CheckResult {
    CheckResult(
      .broken, "store", displayable(reason),
      why: "The work on the agents' hooks is unknown: no agent is started, and no mail is read.")
  }
}
