// SPDX-License-Identifier: Apache-2.0

internal import GastownDaemon
internal import Glibc
internal import Town
internal import TownFiles

/// Who holds the town, and locks that somebody has left behind.
struct LockExamination: Examination {
  let name = "locks"

  /// How old a lock of git must be until nobody works under it any more, in seconds.
  static let patience: Int64 = 600

  func examine(_ patient: Patient) async -> [Finding] {
    var findings: [Finding] = []
    let service = (try? patient.units.get())?[patient.names.daemon]
    let unit = service.flatMap { Int32($0["MainPID"]) } ?? 0
    let holder = TownLock.currentHolder(layout: patient.layout)
    findings.append(Self.holder(holder, unit: unit, name: patient.names.daemon, path: patient.layout.lock))
    findings += Self.original(patient.layout)
    if case .success(let roster) = patient.roster {
      findings += Self.gitLocks(layout: patient.layout, rigs: roster.rigs)
    }
    return findings
  }

  /// - Parameters:
  ///   - holder: who holds the town's lock: a pid, 0 where it is not known, `nil` for nobody.
  ///   - unit: the main process of the daemon's unit; 0 for none.
  ///   - name: that unit.
  static func holder(_ holder: Int32?, unit: Int32, name: String = TownUnits().daemon, path: String) -> Finding {
    switch holder {
    case nil: return Finding(.ok, path, "nobody holds it")
    case 0: return Finding(.note, path, "is held, and by whom is not known", why: "This town is supervised already.")
    case .some(let pid) where pid == unit: return Finding(.ok, path, "held by \(name), pid \(pid)")
    case .some(let pid) where unit > 0:
      return Finding(
        .broken, path, "is held by pid \(pid), and \(name) runs as pid \(unit)",
        why: "The service waits for the lock or supervises another town; it does nothing here.",
        remedy: "gt daemon stop && gt daemon start")
    case .some(let pid):
      return Finding(
        .note, path, "is held by pid \(pid), which is no unit's",
        why: "A daemon that was started by hand is not started again when it ends.",
        remedy: "gt daemon stop && gt daemon start")
    }
  }

  private static func original(_ layout: TownLayout) -> [Finding] {
    guard let (pid, _) = OriginalDaemon.recordedProcess(layout: layout) else { return [] }
    let path = layout.originalPIDFile
    do throws(TownFileError) {
      try OriginalDaemonGuard.check(layout)
    } catch {
      return [
        Finding(
          .broken, path, "the original daemon runs (pid \(pid))",
          why: "Two supervisors would start every agent twice: this one refuses to start.", remedy: "kill \(pid)")
      ]
    }
    return [
      Finding(
        .warning, path, "names pid \(pid), which is not the original daemon any more",
        why: "Whatever gets that pid next may be taken for it, and keep this daemon from starting.",
        remedy: Remedy.command("rm", path))
    ]
  }

  /// Locks of git in the agents' worktrees that nobody works under any more.
  private static func gitLocks(layout: TownLayout, rigs: [String]) -> [Finding] {
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
  static func gitLock(_ path: String, age: Int64) -> Finding? {
    guard age > patience else { return nil }
    return Finding(
      .warning, path, "is \(age / 60) minutes old",
      why: "git refuses to work in that worktree. Unless a git runs there, one was killed and has left it.",
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
