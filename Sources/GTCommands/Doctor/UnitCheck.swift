// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Processes
import Town
import TownFiles

/// The units: whether they are installed, are those of this gt, and are in the state that a town needs.
struct UnitCheck: DoctorCheck {
  let name = "units"

  func run(in context: DoctorContext) async -> [CheckResult] {
    let manager = try? context.units.get()
    let expected = Self.expected(context)
    let runtime = TownUnits.unitDirectory(context.environment, isRuntime: true)
    let directories = [TownUnits.unitDirectory(context.environment, isRuntime: false), runtime]
    let files = UnitFiles.files(of: context.names).map { name -> (name: String, path: String?) in
      let loaded = manager?[UnitFiles.unit(ofFile: name, context.names)]?["FragmentPath"] ?? ""
      let places =
        (loaded.isEmpty ? [] : [loaded]) + (directories + UnitFiles.packageDirectories).map { "\($0)/\(name)" }
      return (name, places.first { Disk.exists($0) })
    }
    let own = UnitFiles.own(context.names)
    guard files.contains(where: { $0.path != nil && own.contains($0.name) }) else {
      guard DaemonAdvice.hasManager(context.environment) else {
        return [.unexamined("files", "the units are not installed, and there is no user manager that would use them")]
      }
      return [
        CheckResult(
          .warning, "files", "the units are not installed",
          why: "The daemon does not start at login, and is not started again when it ends.",
          remedy: "gt daemon install")
      ]
    }
    let isRuntime = files.contains { $0.path?.hasPrefix(runtime + "/") == true }
    let comparisons = files.map { file -> (name: String, state: UnitFileState) in
      guard let path = file.path else { return (file.name, .missing) }
      guard let bytes = try? Disk.read(path) else { return (file.name, .unreadable(path)) }
      if !directories.contains(where: { path.hasPrefix($0 + "/") }) {
        return (file.name, Self.packaged(file.name, String(decoding: bytes, as: UTF8.self), context))
      }
      guard case .success(let texts) = expected, let text = texts[file.name] else { return (file.name, .unknown) }
      return (file.name, .compare(installed: String(decoding: bytes, as: UTF8.self), expected: text))
    }
    var findings = Self.judge(comparisons, isRuntime: isRuntime)
    if case .failure(let reason) = expected {
      findings.append(.unexamined("files", "the units that this gt would write are unknown: \(reason)"))
    }
    guard let manager else { return findings + [.unexamined("states", "the user manager does not answer")] }
    return findings
      + Self.states(
        manager, names: context.names, usesTmuxUnit: context.tmux.isUnitServer, isRuntime: isRuntime)
  }

  /// What `gt daemon install` would write now, by file name.
  private static func expected(_ context: DoctorContext) -> Result<[String: String], Unreadable> {
    guard case .success(let town) = context.town else {
      return .failure(Unreadable(description: "the settings cannot be used"))
    }
    guard let own = Disk.canonical("/proc/self/exe") else {
      return .failure(Unreadable(description: "/proc/self/exe cannot be read"))
    }
    let search = CommandSearch(town: town)
    guard let tmux = try? search.required("tmux") else {
      return .failure(Unreadable(description: "there is no tmux on PATH"))
    }
    let units = UnitFiles(
      daemon: "\(Disk.parent(of: own))/gastown-daemon", tmux: tmux, town: town.layout.root, path: search.path,
      tmuxDirectory: town.environment["TMUX_TMPDIR"], names: context.names)
    return .success(Dictionary(uniqueKeysWithValues: units.rendered.map { ($0.name, $0.text) }))
  }

  /// How a unit that a package has brought compares with this gt's: the plain ones are for the town `~/gt`.
  private static func packaged(_ name: String, _ installed: String, _ context: DoctorContext) -> UnitFileState {
    let home = "\(context.environment["HOME"] ?? "")/gt"
    if context.names.instance == nil, Disk.canonical(home) != context.layout.root {
      return Disk.exists(TownLayout(root: home).townFile) ? .otherTown("~/gt") : .packagedForHome
    }
    guard let own = Disk.canonical("/proc/self/exe"),
      let unit = UnitFiles.packaged(daemon: "\(Disk.parent(of: own))/gastown-daemon").first(where: { $0.name == name })
    else { return .unknown }
    return .compare(installed: installed, expected: unit.text)
  }

  static func judge(_ files: [(name: String, state: UnitFileState)], isRuntime: Bool) -> [CheckResult] {
    let install = isRuntime ? "gt daemon install --runtime" : "gt daemon install"
    var findings: [CheckResult] = []
    if case .otherTown(let town)? = files.first(where: { $0.name == "gastown-daemon.service" })?.state {
      return [
        CheckResult(
          .warning, "files", "the units are those of another town, \(town)",
          why: "They start the daemon of that town, not of this one. gt daemon install would replace them.")
      ]
    }
    if files.contains(where: { $0.state == .packagedForHome }) {
      return [
        CheckResult(
          .warning, "files", "the packaged units are for the town ~/gt",
          why: "They do not start the daemon of this one.",
          remedy: install)
      ]
    }
    for (name, state) in files {
      switch state {
      case .current, .unknown, .packagedForHome: continue
      case .missing:
        findings.append(
          CheckResult(.broken, name, "is not installed", why: "The other units need it.", remedy: install))
      case .unreadable(let path):
        findings.append(CheckResult(.broken, name, "\(path) cannot be read", why: "The user manager cannot read it."))
      case .otherPath:
        findings.append(
          CheckResult(
            .note, name, "has another PATH than an install from here would write",
            why: "This works if every program is found on it, which is checked below.", remedy: install))
      case .differs(let line), .otherTown(let line):
        findings.append(
          CheckResult(
            .warning, name, "differs from the unit that this gt writes; the first line that differs: \(line)",
            why: "It was edited, or comes from another version: a setting that the daemon needs may be missing.",
            remedy: install))
      }
    }
    let current = files.count { $0.state == .current }
    if current == files.count { findings.append(CheckResult(.ok, "files", "all \(current) are installed and current")) }
    return findings
  }

  static func states(
    _ units: [String: UnitProperties], names: TownUnits = TownUnits(), usesTmuxUnit: Bool, isRuntime: Bool
  ) -> [CheckResult] {
    var findings: [CheckResult] = []
    let stale = units.filter { $0.value["NeedDaemonReload"] == "yes" }.keys.sorted()
    if !stale.isEmpty {
      findings.append(
        CheckResult(
          .warning, stale.joined(separator: ", "), "changed on disk after the user manager read it",
          why: "The manager still uses the old content.", remedy: "systemctl --user daemon-reload"))
    }
    for (name, unit) in units.sorted(by: { $0.key < $1.key }) where unit["LoadState"] == "masked" {
      findings.append(
        CheckResult(
          .broken, name, "is masked", why: "It cannot be started.",
          remedy: Remedy.command("systemctl", "--user", "unmask", name)))
    }
    for (name, unit) in units.sorted(by: { $0.key < $1.key }) where unit["ActiveState"] == "failed" {
      if unit["ExecMainStatus"] == "\(ExitStatus.configuration)" {
        findings.append(
          CheckResult(
            .broken, name, "refused its town or its settings",
            why: "It is not tried again; see the reason with: gt daemon logs -n 20", remedy: "gt daemon start"))
      } else {
        findings.append(
          CheckResult(
            .broken, name, "has failed (\(unit["Result"]))", why: "It is not started again by itself.",
            remedy: ["reset-failed", "start"].map { Remedy.command("systemctl", "--user", $0, name) }
              .joined(separator: " && ")))
      }
    }
    func state(_ name: String) -> String { units[name]?["ActiveState"] ?? "" }
    let daemon = names.daemon
    let runs = state(daemon) == "active"
    if runs, state(names.socket) == "inactive" {
      findings.append(
        CheckResult(
          .broken, names.socket, "is stopped while the daemon runs", why: "No client can reach the daemon.",
          remedy: "gt daemon stop && gt daemon start"))
    }
    if runs, state(names.timer) == "inactive" {
      findings.append(
        CheckResult(
          .warning, names.timer, "is stopped while the daemon runs",
          why: "The dead man's check does not run.",
          remedy: Remedy.command("systemctl", "--user", "start", names.timer)))
    }
    if usesTmuxUnit, state(names.tmux) == "inactive" {
      findings.append(
        CheckResult(
          .warning, names.tmux, "is stopped",
          why: "The agents have no tmux server; a running daemon starts it with the first agent.",
          remedy: Remedy.command("systemctl", "--user", "start", names.tmux)))
    }
    if !isRuntime, units[daemon]?["UnitFileState"] == "disabled" {
      findings.append(
        CheckResult(
          .warning, daemon, "is not enabled", why: "It does not start at the next login or boot.",
          remedy: Remedy.command("systemctl", "--user", "enable", names.shortName)))
    }
    if findings.isEmpty { findings.append(CheckResult(.ok, "states", "as they should be")) }
    return findings
  }
}

/// How a unit's file compares with what this `gt` would write for this town.
enum UnitFileState: Sendable, Hashable {
  case current
  case missing
  case unreadable(String)
  /// Nothing but the environment differs.
  case otherPath
  /// It is there for the town with this path.
  case otherTown(String)
  /// It came with a package, for `~/gt`, which is no town; this one is elsewhere.
  case packagedForHome
  /// The first line that differs, as it is installed.
  case differs(String)
  /// It is not known what this gt would write.
  case unknown

  static func compare(installed: String, expected: String) -> UnitFileState {
    if installed == expected { return .current }
    if let town = town(of: installed), let own = self.town(of: expected), town != own { return .otherTown(town) }
    let (old, new) = (lines(installed), lines(expected))
    if old == new { return .otherPath }
    let index = zip(old, new).enumerated().first { $0.element.0 != $0.element.1 }?.offset ?? min(old.count, new.count)
    return .differs(index < old.count ? old[index] : "(it ends early)")
  }

  /// Without what an install takes from the person's environment.
  private static func lines(_ text: String) -> [String] {
    text.split(separator: "\n", omittingEmptySubsequences: false).map(String.init).filter { line in
      !["PATH=", "\"PATH=", "TMUX_TMPDIR=", "\"TMUX_TMPDIR="].contains { line.hasPrefix("Environment=" + $0) }
    }
  }

  private static func town(of text: String) -> String? {
    for line in text.split(separator: "\n") where line.hasPrefix("ExecStart=") {
      if let option = line.firstRange(of: " --town ") { return String(line[option.upperBound...]) }
    }
    return nil
  }
}
