// SPDX-License-Identifier: Apache-2.0

/// How many agents are how, and the one line that says so: `systemctl status` shows it.
package struct AgentCounts: Sendable, Hashable {
  package var alive = 0
  package var starting = 0
  package var backingOff = 0
  package var parked = 0
  package var stuck = 0
  package var unknown = 0
  package var line = "no agents"

  package init() {}

  /// Agents that need not run are not counted.
  ///
  /// - Parameter heldBack: why no agent is restarted at present.
  package init(findings: [Finding], at time: Timestamp, heldBack: String? = nil) {
    var aside: [String] = []
    var waiting: [String] = []
    for finding in findings {
      switch finding.decision {
      case .alive: alive += 1
      case .start, .restart, .underway: starting += 1
      case .wait:
        backingOff += 1
        if waiting.count < 3 {
          let left = finding.until.map { max(0, ($0 - time).components.seconds) } ?? 0
          waiting.append("\(finding.subject), \(left) s")
        }
      case .parked:
        parked += 1
        if aside.count < 3 { aside.append(finding.subject) }
      case .stuck: stuck += 1
      case .unknown: unknown += 1
      case .leave, .mark, .tell: break
      }
    }
    let total = alive + starting + backingOff + parked + stuck + unknown
    guard total > 0 else { return }
    var parts = ["\(alive) alive"]
    if starting > 0 { parts.append("\(starting) starting") }
    if backingOff > 0 {
      let more = backingOff > waiting.count ? ", …" : ""
      parts.append("\(backingOff) backing off (\(waiting.joined(separator: "; "))\(more))")
    }
    if parked > 0 {
      parts.append("\(parked) parked (\(aside.joined(separator: ", "))\(parked > aside.count ? ", …" : ""))")
    }
    if stuck > 0 { parts.append("\(stuck) that cannot be started") }
    if unknown > 0 { parts.append("\(unknown) unknown") }
    line = "\(counted(total, "agent")): \(parts.joined(separator: ", "))"
    if let heldBack { line += "; restarts are held back: \(heldBack)" }
  }
}
