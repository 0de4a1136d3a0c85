// SPDX-License-Identifier: Apache-2.0

internal import GastownDaemon
internal import TownFiles

/// The sockets by which the daemon and tmux are spoken to, and who may. They are looked at, not connected
/// to: that would wake a daemon.
struct SocketExamination: Examination {
  let name = "sockets"

  func examine(_ patient: Patient) async -> [Finding] {
    let control = ControlSocket.path(environment: patient.environment, units: patient.names)
    var findings: [Finding] = []
    if let facts = FileFacts(of: control) {
      findings += Self.judge("control socket", path: control, facts, userID: patient.userID, mode: 0o600)
      findings += Self.directory(of: control, userID: patient.userID)
    } else if patient.daemon != nil {
      findings.append(
        Finding(
          .broken, "control socket", "\(control) is not there, and a daemon runs",
          why: "gt cannot speak to the daemon.", remedy: "gt daemon stop && gt daemon start"))
    } else {
      findings.append(Finding(.ok, "control socket", "there is none, as no daemon runs"))
    }
    let tmux = patient.tmux.own.path
    if let facts = FileFacts(of: tmux) {
      // tmux sets the execute bits while a client is attached.
      findings += Self.judge("tmux socket", path: tmux, facts, userID: patient.userID, mode: 0o770)
      let parent = Disk.parent(of: tmux)
      // Elsewhere the directory is a person's own choice.
      if tmux == patient.names.tmuxSocket(environment: patient.environment)
        || parent.hasSuffix("/tmux-\(patient.userID)")
      {
        findings += Self.directory(of: tmux, userID: patient.userID)
      }
    }
    return findings
  }

  /// - Parameter mode: the permissions that it may have at most.
  static func judge(_ subject: String, path: String, _ facts: FileFacts, userID: UInt32, mode: UInt32) -> [Finding] {
    guard facts.isSocket else {
      return [
        Finding(
          .broken, subject, "\(path) is no socket", why: "Nobody can listen there as long as it is in the way.",
          remedy: Remedy.command("mv", path, "\(path).away"))
      ]
    }
    if facts.owner != userID {
      return [Finding(.broken, subject, "\(path) belongs to user \(facts.owner)", why: "Somebody else listens there.")]
    }
    guard facts.mode & ~mode == 0 else {
      let right = facts.mode & mode
      return [
        Finding(
          .warning, subject, "\(path) has mode \(facts.octal)",
          why: "Others could reach it: who speaks to it decides what your agents do.",
          remedy: Remedy.command("chmod", String(right == 0 ? mode : right, radix: 8), path))
      ]
    }
    if subject == "control socket", facts.mode & 0o600 != 0o600 {
      return [
        Finding(
          .warning, subject, "\(path) has mode \(facts.octal)", why: "You cannot speak to the daemon yourself.",
          remedy: Remedy.command("chmod", "600", path))
      ]
    }
    return [Finding(.ok, subject, "\(path), mode \(facts.octal)")]
  }

  private static func directory(of path: String, userID: UInt32) -> [Finding] {
    let parent = Disk.parent(of: path)
    return FileFacts(of: parent).map { judgeDirectory(parent, $0, userID: userID) } ?? []
  }

  static func judgeDirectory(_ path: String, _ facts: FileFacts, userID: UInt32) -> [Finding] {
    if facts.owner != userID {
      return [
        Finding(
          .warning, path, "belongs to user \(facts.owner)", why: "Its owner can put another socket in place of ours.")
      ]
    }
    if facts.mode & 0o022 != 0 || facts.mode & 0o005 != 0 {
      return [
        Finding(
          .warning, path, "has mode \(facts.octal)", why: "Others can reach the socket in it, or replace it.",
          remedy: Remedy.command("chmod", "700", path))
      ]
    }
    return []
  }
}
