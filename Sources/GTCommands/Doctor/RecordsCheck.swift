// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

/// What the daemon remembers, and whether it can write down what it decides.
struct RecordsCheck: DoctorCheck {
  let name = "records"

  func run(in context: DoctorContext) async -> [CheckResult] {
    let layout = context.layout
    let records = TownRecords(layout: layout)
    var findings: [CheckResult] = []
    findings += Self.judge("ledger", because: "A daemon does not start while it cannot be read.") {
      () throws(TownFileError) in _ = try records.ledger()
    }
    if let ledger = try? records.ledger(), case .success(let roster) = context.roster {
      findings += ledger.parked(roster).map { agent, parking in
        CheckResult(
          .warning, agent.address, "is parked: \(parking.words)",
          why: parking.reason == .noCommand
            ? "It is started as soon as there is such a program on the PATH of the daemon."
            : "It is tried rarely, until it lasts. What it died of: gt session crashes \(agent.address).",
          remedy: parking.reason == .noCommand ? nil : "gt session reset \(agent.address)")
      }
    }
    if let remark = records.missingLedger() {
      findings.append(
        CheckResult(
          .warning, "ledger", remark, why: "It records back-offs, parked agents and open deaths."))
    }
    findings += Self.judge("pending", because: "A daemon does not start while it cannot be read.") {
      () throws(TownFileError) in _ = try records.pendingSpawns()
    }
    findings += Self.judge("holds", because: "An agent whose hold is unknown is not started.") {
      () throws(TownFileError) in
      for name in try Disk.names(in: layout.holds) { _ = try Disk.read("\(layout.holds)/\(name)") }
    }
    for place in [layout.path("daemon"), layout.path("spawn")] where Disk.exists(place) {
      guard let obstacle = Disk.obstacle(toWritingIn: place) else { continue }
      findings.append(
        CheckResult(
          .broken, "writing", "nothing can be written into \(place): \(obstacle)",
          why: "The daemon records each action first. So no agent is started or ended."))
    }
    return findings.isEmpty ? [CheckResult(.ok, "records", "can be read and written")] : findings
  }

  private static func judge(
    _ subject: String, because why: String, _ read: () throws(TownFileError) -> Void
  ) -> [CheckResult] {
    do throws(TownFileError) {
      try read()
      return []
    } catch {
      // One that makes no sense is set aside by the next daemon, and kept.
      return [CheckResult(error.code == .malformed ? .warning : .broken, subject, error.description, why: why)]
    }
  }
}
