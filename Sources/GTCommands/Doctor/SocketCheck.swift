// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import TownFiles
import Trust

/// The sockets by which the daemon and tmux are spoken to, and who may. They are looked at, not connected
/// to: that would wake a daemon.
struct SocketCheck: DoctorCheck {
  let name = "sockets"

  func run(in context: DoctorContext) async -> [CheckResult] {
    let control = ControlSocket.path(environment: context.environment, units: context.names)
    var findings: [CheckResult] = []
    if let facts = FileFacts(of: control) {
      findings += Self.judge("control socket", path: control, facts, userID: context.userID, mode: 0o600)
      findings += Self.directory(of: control, userID: context.userID)
    } else if context.daemon != nil {
      findings.append(
        CheckResult(
          .broken, "control socket", "\(control) is not there, and a daemon runs",
          why: "gt cannot reach the daemon.", remedy: DaemonAdvice.restart(context.layout, context.environment)))
    } else {
      findings.append(CheckResult(.ok, "control socket", "there is none, as no daemon runs"))
    }
    let runtime = context.runtimeDirectory
    if Disk.exists(runtime), let objection = Self.objection(to: runtime) {
      findings.append(
        Self.untrusted(
          objection, why: "Neither the user manager nor a daemon is contacted there: another user could answer."))
    }
    let tmux = context.tmux.own.path
    if let facts = FileFacts(of: tmux) {
      // tmux sets the execute bits while a client is attached.
      findings += Self.judge("tmux socket", path: tmux, facts, userID: context.userID, mode: 0o770)
      let parent = Disk.parent(of: tmux)
      // Elsewhere the directory is a person's own choice.
      if tmux == context.names.tmuxSocket(environment: context.environment)
        || parent.hasSuffix("/tmux-\(context.userID)")
      {
        findings += Self.directory(of: tmux, userID: context.userID)
      }
    }
    let place = Disk.parent(of: tmux)
    if Disk.exists(place), let objection = Self.objection(to: place) {
      findings.append(
        Self.untrusted(
          objection,
          why:
            "The town's own tmux server is not asked there, and no agent is started: a tmux client does what its server "
            + "tells it."))
    }
    return findings
  }

  private static func objection(to directory: String) -> PathObjection? {
    do throws(PathObjection) {
      try PathTrust().checkDirectory(directory, isOwn: true)
      return nil
    } catch {
      return error.code == .missing ? nil : error
    }
  }

  /// Says of which place another user decides, with its owner and mode.
  static func untrusted(_ objection: PathObjection, level: CheckResult.Level = .broken, why: String) -> CheckResult {
    let facts = [
      objection.owner.map { "owner \($0)" }, objection.mode.map { "mode \(PathObjection.octal($0))" },
    ].compactMap { $0 }.joined(separator: ", ")
    return CheckResult(
      level, objection.path, "\(objection.reason)\(facts.isEmpty ? "" : " (\(facts))")", why: why,
      remedy: objection.remedy.map { $0.map(Remedy.quoted).joined(separator: " ") })
  }

  /// - Parameter mode: the permissions that it may have at most.
  static func judge(_ subject: String, path: String, _ facts: FileFacts, userID: UInt32, mode: UInt32) -> [CheckResult]
  {
    guard facts.isSocket else {
      return [
        CheckResult(
          .broken, subject, "\(path) is no socket", why: "No process can listen there while this file exists.",
          remedy: Remedy.command("mv", path, "\(path).away"))
      ]
    }
    if facts.owner != userID {
      return [
        CheckResult(.broken, subject, "\(path) belongs to user \(facts.owner)", why: "Another user listens there.")
      ]
    }
    guard facts.mode & ~mode == 0 else {
      let right = facts.mode & mode
      return [
        CheckResult(
          .warning, subject, "\(path) has mode \(facts.octal)",
          why: "Other users could reach it. A user who can connect to it controls your agents.",
          remedy: Remedy.command("chmod", String(right == 0 ? mode : right, radix: 8), path))
      ]
    }
    if subject == "control socket", facts.mode & 0o600 != 0o600 {
      return [
        CheckResult(
          .warning, subject, "\(path) has mode \(facts.octal)", why: "You cannot connect to the daemon yourself.",
          remedy: Remedy.command("chmod", "600", path))
      ]
    }
    return [CheckResult(.ok, subject, "\(path), mode \(facts.octal)")]
  }

  private static func directory(of path: String, userID: UInt32) -> [CheckResult] {
    let parent = Disk.parent(of: path)
    return FileFacts(of: parent).map { judgeDirectory(parent, $0, userID: userID) } ?? []
  }

  static func judgeDirectory(_ path: String, _ facts: FileFacts, userID: UInt32) -> [CheckResult] {
    if facts.owner != userID {
      return [
        CheckResult(
          .warning, path, "belongs to user \(facts.owner)", why: "Its owner can put another socket in place of ours.")
      ]
    }
    if facts.mode & 0o022 != 0 || facts.mode & 0o005 != 0 {
      return [
        CheckResult(
          .warning, path, "has mode \(facts.octal)", why: "Others can reach the socket in it, or replace it.",
          remedy: Remedy.command("chmod", "700", path))
      ]
    }
    return []
  }
}
