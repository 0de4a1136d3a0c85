// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

/// One part of what `gt doctor` looks at. It starts nothing and changes nothing.
protocol DoctorCheck: Sendable {
  var name: String { get }
  func run(in context: DoctorContext) async -> [CheckResult]
}

/// The results of all checks. The names of its JSON members are fixed.
struct Diagnosis: Sendable, Encodable {
  struct Part: Sendable, Encodable {
    var examination: String
    var findings: [CheckResult]
  }

  var town: String
  var worst: CheckResult.Level
  var examinations: [Part]

  static let checks: [any DoctorCheck] = [
    TownStateCheck(), ManagerCheck(), UnitCheck(), CommandCheck(), TmuxCheck(),
    ServerCheck(), SocketCheck(), LockCheck(), WorktreeCheck(), ControlGroupCheck(),
    DiskCheck(),
    RecordsCheck(), BeadsCheck(), JournalCheck(),
  ]

  /// Has all of them look, side by side.
  static func make(_ context: DoctorContext, by checks: [any DoctorCheck] = Self.checks) async -> Diagnosis {
    if let foreign = foreigner(context) {
      let part = Part(examination: "town", findings: [foreign])
      return Diagnosis(town: context.layout.root, worst: foreign.level, examinations: [part])
    }
    let parts = await withTaskGroup(of: (Int, Part).self) { group in
      for (index, check) in checks.enumerated() {
        group.addTask {
          let findings = await check.run(in: context)
          return (index, Part(examination: check.name, findings: findings))
        }
      }
      var parts: [(Int, Part)] = []
      for await part in group { parts.append(part) }
      return parts.sorted { $0.0 < $1.0 }.map(\.1)
    }
    let worst = parts.flatMap(\.findings).map(\.level).max() ?? .ok
    return Diagnosis(town: context.layout.root, worst: worst, examinations: parts)
  }

  /// Says that another user's daemon looks after the town: all that we could see of units, sockets and servers
  /// would be our own, and what would mend ours could end that daemon. `nil` where that is not so.
  private static func foreigner(_ context: DoctorContext) -> CheckResult? {
    guard let pid = context.daemon, let owner = FileFacts(of: "/proc/\(pid)")?.owner, owner != context.userID else {
      return nil
    }
    let command = Remedy.command("gt", "doctor", "--town", context.layout.root)
    return CheckResult(
      .warning, "user",
      "the daemon of this town (pid \(pid)) belongs to user \(owner), and you are user \(context.userID)",
      why: "Its units, sockets and tmux servers are that user's: nothing was examined.",
      remedy: "sudo -u '#\(owner)' env XDG_RUNTIME_DIR=/run/user/\(owner) \(command)")
  }

  /// 0 well, 1 with warnings, 2 where something is broken.
  var exitStatus: Int32 {
    switch worst {
    case .ok, .note: 0
    case .warning: 1
    case .broken: 2
    }
  }

  /// For a person to read.
  func lines(_ colour: Colour) -> [String] {
    var lines: [String] = []
    for part in examinations where !part.findings.isEmpty {
      lines.append(part.examination)
      for finding in part.findings {
        lines.append("  \(Self.label(finding.level, colour)) \(finding.subject): \(finding.what)")
        if let why = finding.why { lines.append("          \(colour.faint(why))") }
        if let remedy = finding.remedy { lines.append("          fix: \(remedy)") }
      }
    }
    let findings = examinations.flatMap(\.findings)
    let (broken, warnings) = (findings.count { $0.level == .broken }, findings.count { $0.level == .warning })
    lines.append(
      worst < .warning
        ? "No problem was found." : "\(broken) broken, \(counted(warnings, "warning")).")
    return lines
  }

  private static func label(_ level: CheckResult.Level, _ colour: Colour) -> String {
    let padded = level.rawValue + String(repeating: " ", count: 7 - level.rawValue.count)
    return switch level {
    case .ok: colour.green(padded)
    case .note: colour.faint(padded)
    case .warning: colour.yellow(padded)
    case .broken: colour.red(padded)
    }
  }
}
