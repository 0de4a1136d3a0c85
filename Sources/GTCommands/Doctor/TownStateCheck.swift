// SPDX-License-Identifier: Apache-2.0

import Control
import CommandSupport
import Town
import TownFiles
import Trust

/// The town's own files, and whether its daemon does its work.
struct TownStateCheck: DoctorCheck {
  let name = "town"

  func run(in context: DoctorContext) async -> [CheckResult] {
    var findings: [CheckResult] = []
    switch context.town {
    case .success: findings.append(CheckResult(.ok, "settings", "can be used"))
    case .failure(let error):
      findings.append(
        CheckResult(
          .broken, "settings", "\(error)", why: "The daemon refuses to start with them; the defaults are used here."))
    }
    if let finding = Self.owner(of: context.layout) { findings.append(finding) }
    switch context.roster {
    case .success(let roster): findings.append(CheckResult(.ok, "rigs", "\(roster.rigs.count) registered"))
    case .failure(let error):
      findings.append(
        CheckResult(.broken, "rigs", "\(error)", why: "All rigs are unknown, and no agent of a rig is started."))
    }
    for line in HoldPlace.overview(context.layout) {
      findings.append(CheckResult(.note, "held", line, why: "What is held is not started or restarted."))
    }
    findings.append(await daemon(context))
    if let pid = context.daemon, let program = DaemonProgram.running(as: pid) {
      findings.append(
        program.judge(isUnit: (try? context.units.get())?[context.names.daemon]?["MainPID"] == "\(pid)"))
    }
    return findings
  }

  /// Whether another user may write the town's own files.
  private static func owner(of layout: TownLayout) -> CheckResult? {
    do throws(PathObjection) {
      for place in ["", "mayor", "daemon"] where Disk.exists(layout.path(place)) {
        try PathTrust().checkDirectory(layout.path(place))
      }
      return nil
    } catch {
      return SocketCheck.untrusted(
        error, level: .warning,
        why:
          "Another user can write this town's files, and so control your agents. Settings, which "
          + "hold commands, are not read from there.")
    }
  }

  /// Asked only where it holds the town's lock: the socket of a stopped one would wake it.
  private func daemon(_ context: DoctorContext) async -> CheckResult {
    guard let client = ControlSocket.clientIfRunning(layout: context.layout, environment: context.environment) else {
      return CheckResult(
        .warning, "daemon", "does not run for this town", why: "Deaths of agents are not detected.",
        remedy: DaemonAdvice.start(context.layout, context.environment))
    }
    do {
      return Self.judge(try await client.call(Health(), deadline: DoctorContext.deadline))
    } catch {
      return CheckResult(
        .broken, "daemon", "runs and does not answer: \(error)",
        why: "It may be stuck, or speak on another socket than $GT_SOCKET and $XDG_RUNTIME_DIR name here.",
        remedy: DaemonAdvice.restart(context.layout, context.environment))
    }
  }

  static func judge(_ health: Health.Reply) -> CheckResult {
    if health.healthy { return CheckResult(.ok, "daemon", "runs and answers") }
    return CheckResult(
      .broken, "daemon", "reports that it is not healthy: \(health.reason ?? "without a reason")",
      why: "It does not supervise the agents properly. A restart does not affect any agent.",
      remedy: "gt daemon restart")
  }
}
