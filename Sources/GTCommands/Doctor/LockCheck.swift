// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Glibc
import Town
import TownFiles

/// The holder of the town's lock, and stale locks.
struct LockCheck: DoctorCheck {
  let name = "locks"

  /// The age from which a lock of git counts as stale, in seconds.
  static let patience: Int64 = 600

  func run(in context: DoctorContext) async -> [CheckResult] {
    var findings: [CheckResult] = []
    let service = (try? context.units.get())?[context.names.daemon]
    let unit = service.flatMap { Int32($0["MainPID"]) } ?? 0
    let stranger = TownLock.holder(layout: context.layout).flatMap { $0.isOurs ? nil : $0 }
    let pid = stranger?.pid ?? TownLock.currentHolder(layout: context.layout)
    findings.append(
      Self.holder(
        pid, unit: unit, stranger: stranger, name: context.names.daemon, path: context.layout.lock,
        restart: DaemonAdvice.restart(context.layout, context.environment)))
    findings += Self.original(context.layout)
    if case .success(let roster) = context.roster {
      findings += Self.gitLocks(layout: context.layout, rigs: roster.rigs)
    }
    return findings
  }

  /// - Parameters:
  ///   - holder: who holds the town's lock: a pid, 0 where it is not known, `nil` for none.
  ///   - unit: the main process of the daemon's unit; 0 for none.
  ///   - stranger: the holder, where that is none of ours.
  ///   - name: that unit.
  ///   - restart: what ends the daemon and starts it anew.
  static func holder(
    _ holder: Int32?, unit: Int32, stranger: TownLock.Holder? = nil, name: String = TownUnits().daemon, path: String,
    restart: String = "gt daemon stop && gt daemon start"
  ) -> CheckResult {
    if let stranger {
      return CheckResult(
        .broken, path, "is held by pid \(stranger.pid) (\(stranger.program)), which is not a gastown-daemon",
        why: "No daemon can start while another process holds the lock: the town is not supervised."
          + (stranger.hostsAgents ? " The way out: \(stranger.wayOut)." : ""),
        remedy: stranger.remedy)
    }
    switch holder {
    case nil: return CheckResult(.ok, path, "no process holds it")
    case 0:
      return CheckResult(.note, path, "is held by an unknown process", why: "This town is supervised already.")
    case .some(let pid) where pid == unit: return CheckResult(.ok, path, "held by \(name), pid \(pid)")
    case .some(let pid) where unit > 0:
      return CheckResult(
        .broken, path, "is held by pid \(pid), and \(name) runs as pid \(unit)",
        why: "The service waits for the lock or supervises another town; it does nothing here.",
        remedy: restart)
    case .some(let pid):
      return CheckResult(
        .note, path, "is held by pid \(pid), which belongs to no unit",
        why: "A daemon that was started by hand is not started again when it ends.",
        remedy: restart)
    }
  }

  private static func original(_ layout: TownLayout) -> [CheckResult] {
    guard let (pid, _) = OriginalDaemon.recordedProcess(layout: layout) else { return [] }
    let path = layout.originalPIDFile
    do throws(TownFileError) {
      try OriginalDaemonGuard.check(layout)
    } catch {
      return [
        CheckResult(
          .broken, path, "the original daemon runs (pid \(pid))",
          why: "Two supervisors would start every agent twice: this one refuses to start.", remedy: "kill \(pid)")
      ]
    }
    return [
      CheckResult(
        .warning, path, "names pid \(pid), which is not the original daemon any more",
        why: "A new process with that pid may be taken for it, and keep this daemon from starting.",
        remedy: Remedy.command("rm", path))
    ]
  }

  /// Locks of git in the agents' worktrees that are stale.
  private static func gitLocks(layout: TownLayout, rigs: [String]) -> [CheckResult] {
    let now = Int64(time(nil))
    return rigs.flatMap { rig in
      ["polecats", "crew"].flatMap { kind in
        ((try? Disk.names(in: layout.path("\(rig)/\(kind)"))) ?? []).map { layout.path("\(rig)/\(kind)/\($0)") }
      } + [layout.path("\(rig)/refinery/rig")]
    }.compactMap { worktree in
      guard let git = gitDirectory(of: worktree), let facts = FileFacts(of: "\(git)/index.lock") else { return nil }
      return gitLock("\(git)/index.lock", age: now - facts.changed)
    }
  }

  /// - Parameter age: in seconds.
  static func gitLock(_ path: String, age: Int64) -> CheckResult? {
    guard age > patience else { return nil }
    return CheckResult(
      .warning, path, "is \(age / 60) minutes old",
      why: "git refuses to work in that worktree. If no git is running there, one was killed and left the file.",
      remedy: Remedy.command("rm", path))
  }

  private static func gitDirectory(of worktree: String) -> String? {
    let path = "\(worktree)/.git"
    if Disk.isDirectory(path) { return path }
    guard let bytes = try? Disk.read(path) else { return nil }
    let line = String(decoding: bytes, as: UTF8.self).split(separator: "\n").first.map(String.init) ?? ""
    guard line.hasPrefix("gitdir: ") else { return nil }
    let target = String(line.dropFirst("gitdir: ".count))
    return target.hasPrefix("/") ? target : "\(worktree)/\(target)"
  }
}
