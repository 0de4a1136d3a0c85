// SPDX-License-Identifier: Apache-2.0

import Glibc
import TownFiles

/// systemd: its version, the user manager, the user bus, and what is left of them after a logout.
struct ManagerCheck: DoctorCheck {
  let name = "systemd"

  func run(in context: DoctorContext) async -> [CheckResult] {
    let version = await context.output("systemctl", "--version")
    let runtime = context.runtimeDirectory
    let isSet = context.environment["XDG_RUNTIME_DIR"]?.isEmpty == false
    let hasManager = FileFacts(of: "\(runtime)/systemd/private")?.isSocket == true
    let isBooted = Disk.isDirectory("/run/systemd/system")
    let address = context.environment["DBUS_SESSION_BUS_ADDRESS"]?.isEmpty == false
    return [
      Self.version(version),
      Self.manager(
        answers: context.units, isVariableSet: isSet, hasManager: hasManager, isBooted: isBooted,
        userID: context.userID, userName: context.userName),
      Self.bus(
        hasSocket: FileFacts(of: "\(runtime)/bus")?.isSocket == true, hasAddress: address, hasManager: hasManager,
        userID: context.userID),
      Self.linger(
        Disk.exists("/var/lib/systemd/linger/\(context.userName)"), isBooted: isBooted, userID: context.userID,
        userName: context.userName),
    ]
  }

  /// - Parameter text: what `systemctl --version` printed; `nil` where it cannot be run.
  static func version(_ text: String?) -> CheckResult {
    guard let text else { return .unexamined("version", "systemctl cannot be run") }
    let words = text.split(whereSeparator: \.isWhitespace)
    guard words.count > 1, words[0] == "systemd", let version = Int(words[1].prefix(while: \.isNumber)) else {
      return .unexamined("version", "systemctl does not report it")
    }
    if version < 252 {
      return CheckResult(
        .warning, "version", "systemd \(version)",
        why: "The units are written for 252 and later, and not tested with older versions.")
    }
    return CheckResult(.ok, "version", "systemd \(version)")
  }

  static func manager(
    answers: Result<[String: UnitProperties], Unreadable>, isVariableSet: Bool, hasManager: Bool, isBooted: Bool,
    userID: UInt32, userName: String
  ) -> CheckResult {
    guard case .failure(let reason) = answers else { return CheckResult(.ok, "user manager", "answers") }
    let why =
      "Without it there are no units, and no tmux server that outlives a login: the daemon can only be run by hand."
    if hasManager, !isVariableSet {
      return CheckResult(
        .warning, "user manager", "runs, and XDG_RUNTIME_DIR does not lead to it", why: why,
        remedy: "export XDG_RUNTIME_DIR=/run/user/\(userID)")
    }
    if hasManager {
      return CheckResult(
        .broken, "user manager", "does not answer: \(reason)", why: why,
        remedy: Remedy.asRoot("systemctl restart user@\(userID).service", userID: userID))
    }
    guard isBooted else { return CheckResult(.warning, "user manager", "systemd does not run this machine", why: why) }
    return CheckResult(
      .warning, "user manager", "does not run: \(reason)", why: why,
      remedy: Remedy.asRoot("systemctl start user@\(userID).service", userID: userID))
  }

  static func bus(hasSocket: Bool, hasAddress: Bool, hasManager: Bool, userID: UInt32) -> CheckResult {
    if hasSocket { return CheckResult(.ok, "user bus", "is there") }
    guard hasManager else { return .unexamined("user bus", "there is no user manager") }
    let why = "tmux from 3.4 on puts agents into scopes of their own by it, and systemd-run --wait needs it."
    if hasAddress {
      return CheckResult(
        .note, "user bus", "is not in the runtime directory; DBUS_SESSION_BUS_ADDRESS names another", why: why)
    }
    return CheckResult(
      .warning, "user bus", "there is none", why: why,
      remedy: Remedy.asRoot("apt-get install dbus-user-session", userID: userID))
  }

  static func linger(_ isOn: Bool, isBooted: Bool, userID: UInt32, userName: String) -> CheckResult {
    if isOn { return CheckResult(.ok, "linger", "is on") }
    guard isBooted else { return .unexamined("linger", "systemd does not run this machine") }
    return CheckResult(
      .warning, "linger", "is off for \(userName)",
      why: "The daemon and all agents end with this user's last logout, and do not start at boot.",
      remedy: Remedy.asRoot("loginctl enable-linger \(Remedy.quoted(userName))", userID: userID))
  }
}
