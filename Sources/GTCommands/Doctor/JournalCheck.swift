// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

/// Whether what the daemon writes into the journal is there after a boot, and can be read.
struct JournalCheck: DoctorCheck {
  let name = "journal"

  /// What is known of where the journal is kept.
  struct Facts: Sendable, Hashable {
    /// Whether `/run/systemd/journal/socket` is there.
    var isRunning = true
    /// `Storage=` of journald.conf, where it could be read; `auto` where it is not set.
    var storage: String? = "auto"
    /// Whether /var/log/journal is there.
    var hasDirectory = true
    var userID: UInt32 = 1000
  }

  func run(in context: DoctorContext) async -> [CheckResult] {
    let configuration = await context.output("systemd-analyze", "cat-config", "systemd/journald.conf")
    return [
      Self.judge(
        Facts(
          isRunning: Disk.exists("/run/systemd/journal/socket"), storage: configuration.map(Self.storage),
          hasDirectory: Disk.isDirectory("/var/log/journal"), userID: context.userID))
    ]
  }

  /// The last `Storage=` in all of journald's files counts; without one it is `auto`.
  static func storage(_ configuration: String) -> String {
    var storage = "auto"
    for line in configuration.split(separator: "\n") {
      if let value = String(line).removingPrefix("Storage=") {
        storage = value.isEmpty ? "auto" : value.lowercased()
      }
    }
    return storage
  }

  static func judge(_ facts: Facts) -> CheckResult {
    guard facts.isRunning else { return .unexamined("persistence", "there is no journald") }
    let why = "After a boot the record of deaths and their causes is lost; `journalctl --user` may show nothing at all."
    let storage = facts.storage ?? "auto"
    if storage == "none" || storage == "volatile" {
      return CheckResult(
        .warning, "persistence", "journald keeps no log on disk (Storage=\(storage))", why: why,
        remedy: Remedy.asRoot(
          #"sh -c 'mkdir -p /etc/systemd/journald.conf.d && printf "[Journal]\nStorage=persistent\n" "#
            + ">/etc/systemd/journald.conf.d/zz-persistent.conf && systemctl restart systemd-journald'",
          userID: facts.userID))
    }
    if !facts.hasDirectory, storage == "auto" {
      return CheckResult(
        .warning, "persistence", "there is no /var/log/journal, so the log is in memory only", why: why,
        remedy: Remedy.asRoot("sh -c 'mkdir -p /var/log/journal && journalctl --flush'", userID: facts.userID))
    }
    if facts.userID < 1000 {
      return CheckResult(
        .note, "persistence", "the log is on disk",
        why: "System users have no journal of their own: read it with journalctl _UID=\(facts.userID).")
    }
    return CheckResult(.ok, "persistence", "the log is on disk")
  }
}
