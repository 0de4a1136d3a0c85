// SPDX-License-Identifier: Apache-2.0

import Town

/// What must never be so, whatever the world does: where it is, this process is not to be trusted any more. It does
/// nothing further, says what it was, and has the service manager put another in its place.
extension Supervisor {
  /// Whether nothing is broken; where something is, that is told, once, and the caller does nothing more.
  func holds(_ breach: String?) -> Bool {
    guard !isBroken else { return false }
    guard let breach else { return true }
    isBroken = true
    let reason = "a fault of the daemon itself: \(breach); nothing more is done by this process"
    journal.error(reason)
    reports.broken(reason)
    // Whoever waits for one command must not wait for ever: there is no service manager to end this.
    if mode == .commands { post(.stop) }
    return false
  }

  /// Why this turn must not be taken.
  func breachByTurn() -> String? {
    turnBegan == nil ? nil : "two turns overlap"
  }

  /// Sees whether the town is still this supervisor's alone. Another one in its place would start each agent a second
  /// time.
  func keepsTenure() -> Bool {
    switch reports.tenure() {
    case .kept:
      complaints.clear(.tenure)
      return true
    case .remarkable(let remark):
      if complaints.isNew(remark, about: .tenure) { journal.warning(remark) }
      return true
    case .lost(let reason):
      guard !isBroken else { return false }
      isBroken = true
      let message = "\(reason); nothing more is done by this process"
      journal.error(message)
      reports.broken(message)
      if mode == .commands { post(.stop) }
      return false
    }
  }

  /// Why none of these starts may be made. Each agent's last known process is asked for at the kernel, past
  /// everything that has led to the order.
  func breach(by orders: [LaunchOrder]) -> String? {
    var seen: Set<String> = []
    for order in orders {
      let session = order.agent.session
      guard seen.insert(session).inserted else { return "\(order.agent.address) is to be started twice at once" }
      if jobs.isHandling(session) {
        return "\(order.agent.address) is to be started while another job starts or ends it"
      }
      let record = ledger[order.agent]
      guard let life = record.life ?? record.death?.life else { continue }
      // A shell that is left takes no agent's place.
      if case .bareShell(life) = order.place { continue }
      if world.isRunning(life) {
        return "\(order.agent.address) is to be started while its process (pid \(life.pid)) runs"
      }
    }
    return nil
  }
}
