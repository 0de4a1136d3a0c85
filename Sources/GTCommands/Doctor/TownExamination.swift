// SPDX-License-Identifier: Apache-2.0

internal import Control
internal import GastownDaemon
internal import Town
internal import TownFiles

/// The town's own files, and whether its daemon does its work.
struct TownExamination: Examination {
  let name = "town"

  func examine(_ patient: Patient) async -> [Finding] {
    var findings: [Finding] = []
    switch patient.town {
    case .success: findings.append(Finding(.ok, "settings", "can be used"))
    case .failure(let error):
      findings.append(
        Finding(
          .broken, "settings", "\(error)", why: "The daemon refuses to start with them; the defaults are used here."))
    }
    switch patient.roster {
    case .success(let roster): findings.append(Finding(.ok, "rigs", "\(roster.rigs.count) registered"))
    case .failure(let error):
      findings.append(
        Finding(.broken, "rigs", "\(error)", why: "Nothing is known of any rig, and no agent of one is started."))
    }
    findings.append(await daemon(patient))
    if let pid = patient.daemon, let program = DaemonProgram.running(as: pid) {
      findings.append(
        program.judge(isUnit: (try? patient.units.get())?[patient.names.daemon]?["MainPID"] == "\(pid)"))
    }
    return findings
  }

  /// Asked only where it holds the town's lock: the socket of a stopped one would wake it.
  private func daemon(_ patient: Patient) async -> Finding {
    guard let client = ControlSocket.clientIfRunning(layout: patient.layout, environment: patient.environment) else {
      return Finding(
        .warning, "daemon", "does not run for this town", why: "Nobody notices when an agent dies.",
        remedy: "gt daemon start")
    }
    do {
      return Self.judge(try await client.call(Health(), deadline: Patient.deadline))
    } catch {
      return Finding(
        .broken, "daemon", "runs and does not answer: \(error)",
        why: "It may be stuck, or speak on another socket than $GT_SOCKET and $XDG_RUNTIME_DIR name here.",
        remedy: "gt daemon restart")
    }
  }

  static func judge(_ health: Health.Reply) -> Finding {
    if health.healthy { return Finding(.ok, "daemon", "runs and answers") }
    return Finding(
      .broken, "daemon", "says that it is not well: \(health.reason ?? "without a reason")",
      why: "It does not look after the agents as it should; a restart costs no agent anything.",
      remedy: "gt daemon restart")
  }
}
