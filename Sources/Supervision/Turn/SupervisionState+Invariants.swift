// SPDX-License-Identifier: Apache-2.0

import Town

extension SupervisionState {
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
      if facts.isRunning(life) {
        return "\(order.agent.address) is to be started while its process (pid \(life.pid)) runs"
      }
    }
    return nil
  }
}
