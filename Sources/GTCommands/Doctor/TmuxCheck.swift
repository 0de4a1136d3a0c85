// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import Tmux
import TownFiles

/// The version of tmux, of the server that runs, and the faults that some of them have.
struct TmuxCheck: DoctorCheck {
  let name = "tmux"

  func run(in context: DoctorContext) async -> [CheckResult] {
    let text = await context.output("tmux", "-V")
    let executable = ExecutableSearch.find("tmux", path: context.environment["PATH"] ?? "")
    let hasUtempter = executable.flatMap { try? Disk.read($0) }.map { Self.links($0, to: "libutempter.so") }
    var findings = [Self.version(text, hasUtempter: hasUtempter)]
    if case .success(let listing) = context.tmux.own.listing, listing.identity != nil {
      let running = try? await context.tmux.own.client.with(deadline: DoctorContext.deadline).version()
      if let finding = Self.server(running, client: text) { findings.append(finding) }
    }
    return findings + (await clients(context))
  }

  /// - Parameters:
  ///   - text: what `tmux -V` printed; `nil` where it cannot be run.
  ///   - hasUtempter: whether it is built with utempter; `nil` where that could not be found out.
  static func version(_ text: String?, hasUtempter: Bool?) -> CheckResult {
    guard let text else {
      return CheckResult(.broken, "version", "there is no tmux on PATH that runs", why: "Every agent lives in tmux.")
    }
    let shown = text.split(separator: "\n").first.map(String.init) ?? ""
    guard let version = TmuxVersion(shown) else {
      return .unexamined("version", "'\(shown)' is no release of tmux, so its faults are unknown")
    }
    if version < TmuxVersion(major: 3, minor: 2) {
      return CheckResult(
        .broken, "version", shown, why: "The daemon needs 3.2: older versions cannot set the environment of a session.")
    }
    guard version < TmuxVersion(major: 3, minor: 6), hasUtempter != false else {
      return CheckResult(.ok, "version", shown)
    }
    return CheckResult(
      .note, "version", hasUtempter == true ? "\(shown), built with utempter" : "\(shown), perhaps built with utempter",
      why:
        "Before 3.6, such a tmux loses SIGCHLD and misses some deaths or their causes. The daemon detects them "
        + "nevertheless, and makes tmux look again. Your own scripts should not rely on pane-died or pane_dead_status.")
  }

  /// - Parameter running: the version of the server that runs; `nil` where it does not say.
  static func server(_ running: String?, client: String?) -> CheckResult? {
    guard let client = client?.split(separator: "\n").first else { return nil }
    guard let running else { return .unexamined("server", "it does not report its version") }
    if client == "tmux \(running)" { return nil }
    return CheckResult(
      .note, "server", "runs \(running), and the command is \(client)",
      why: "A server keeps the version of its start, and its faults, until it ends with all of its agents.")
  }

  /// Whether a program's file names a library.
  static func links(_ file: [UInt8], to library: String) -> Bool {
    let name = Array(library.utf8)
    guard let first = name.first else { return true }
    var rest = file[...]
    while let start = rest.firstIndex(of: first) {
      if file[start...].starts(with: name) { return true }
      rest = file[(start + 1)...]
    }
    return false
  }
}

/// A release of tmux. The letter of a release that only mends does not matter.
struct TmuxVersion: Sendable, Hashable, Comparable {
  var major: Int
  var minor: Int

  init(major: Int, minor: Int) {
    self.major = major
    self.minor = minor
  }

  /// Reads what `tmux -V` prints, `tmux 3.3a`; `nil` for what is no release (`tmux master`, `tmux next-3.6`).
  init?(_ text: some StringProtocol) {
    guard let word = text.split(separator: " ").last else { return nil }
    let parts = word.split(separator: ".")
    guard parts.count == 2, let major = Int(parts[0]), let minor = Int(parts[1].prefix(while: \.isNumber)) else {
      return nil
    }
    self.init(major: major, minor: minor)
  }

  static func < (one: TmuxVersion, other: TmuxVersion) -> Bool {
    (one.major, one.minor) < (other.major, other.minor)
  }
}
