// SPDX-License-Identifier: Apache-2.0

/// A host without room gets no further agents: a start would fail for the disk, or push out of memory
/// those who live. What lives is left alone, and a person's command is carried out all the same.
package enum HostRule {
  /// How soon a host without room is looked at again.
  static let retry: Duration = .seconds(30)

  /// Why no agent is to be started at present; `nil` where disk and memory suffice.
  package static func objection(_ host: HostReading, policy: Policy) -> String? {
    if let free = host.diskFree, free < policy.diskFree {
      return "\(free.inMebibytes) are free on the town's disk, but \(policy.diskFree.inMebibytes) are required"
    }
    if let pressure = host.memoryPressure, pressure > policy.memoryPressure {
      let whole = Int64(pressure.rounded(.up))
      return "the memory pressure is \(whole) %, and the limit is \(Int64(policy.memoryPressure)) %"
    }
    return nil
  }

  /// Says once that restarts are held back, when the first is, and once that they no longer are.
  static func tell(_ objection: String?, holdsBack count: Int, plan: inout Plan) {
    if let objection {
      guard count > 0, plan.ledger.heldBack == nil else { return }
      plan.ledger.heldBack = objection
      plan.events.append(
        TownEvent(
          .restartsHeld, message: "no agent is started for now: \(objection)", reason: objection))
    } else if plan.ledger.heldBack != nil {
      plan.ledger.heldBack = nil
      plan.events.append(
        TownEvent(.restartsResumed, message: "agents are started again", reason: "disk and memory suffice again"))
    }
  }
}

extension Int64 {
  /// A number of bytes, in mebibytes.
  fileprivate var inMebibytes: String { "\(self >> 20) MiB" }
}
