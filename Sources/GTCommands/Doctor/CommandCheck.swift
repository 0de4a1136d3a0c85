// SPDX-License-Identifier: Apache-2.0

import Processes
import Town
import TownFiles
import Trust

/// The PATH as the service sees it, and what is found on it: each role's command, bd, git and tmux.
struct CommandCheck: DoctorCheck {
  let name = "commands"

  /// A PATH, and whose it is.
  struct ServicePath: Sendable, Hashable {
    var value: String
    var source: String
    /// Whether `gt daemon install` writes it.
    var isInstalled = true
    var isRunning = false
  }

  /// A program that the town needs.
  struct Need: Sendable, Hashable {
    var program: String
    /// Where it is on the service's PATH; `nil` for nowhere.
    var found: String?
    /// Where it is on the person's own.
    var foundByPerson: String?
    /// For what it is needed, where its absence breaks something; else what is lost without it.
    var purpose: String
    var isVital = true
  }

  func run(in context: DoctorContext) async -> [CheckResult] {
    let configured = Self.configured(context)
    guard let path = Self.running(context) ?? configured else {
      return [.unexamined("PATH", "no daemon runs, and no unit is installed")]
    }
    var findings = [CheckResult(.ok, "PATH", "\(path.value) (\(path.source))")]
    if path.isRunning, let configured, configured.value != path.value {
      findings.append(
        CheckResult(
          .note, "PATH", "will be \(configured.value) when the daemon is restarted (\(configured.source))",
          why: "The running daemon keeps the PATH of its start.", remedy: "gt daemon restart"))
    }
    findings += Self.entries(path.value)
    return findings + Self.judge(Self.needs(context, path: path.value), path: path)
  }

  /// The directories of a PATH into which other users may put programs.
  static func entries(_ path: String) -> [CheckResult] {
    var seen: Set<Substring> = []
    return path.split(separator: ":").filter { seen.insert($0).inserted && $0.hasPrefix("/") }.compactMap { entry in
      do throws(PathObjection) {
        try PathTrust().checkDirectory(String(entry))
        return nil
      } catch {
        switch error.code {
        case .missing, .unreadable, .wrongKind, .link: return nil
        case .shared, .planted:
          return SocketCheck.untrusted(
            error, level: .warning,
            why:
              "\(entry) is on the PATH, and others may put programs there. None of these is run; one of the same "
              + "name elsewhere is.")
        case .foreign:
          return SocketCheck.untrusted(
            error, level: .warning,
            why: "\(entry) is on the PATH: its owner decides which programs your daemon and agents run from there.")
        }
      }
    }
  }

  /// Whose file a program is, where that is neither the person's nor root's.
  private static func stranger(_ program: String) -> CheckResult? {
    guard let objection = ExecutableSearch.objection(to: program) else { return nil }
    switch objection.code {
    case .foreign, .shared, .planted:
      return SocketCheck.untrusted(
        objection, level: .warning, why: "\(program) is run with your rights, and another user may change it.")
    case .link, .missing, .unreadable, .wrongKind: return nil
    }
  }

  static func judge(_ needs: [Need], path: ServicePath) -> [CheckResult] {
    needs.map { need in
      if let found = need.found { return stranger(found) ?? CheckResult(.ok, need.program, found) }
      let isReachable = need.foundByPerson != nil && !need.program.contains("/")
      let place = need.program.contains("/") ? "is not an executable file" : "is not on the service's PATH"
      let mine = isReachable ? "; you have \(need.foundByPerson ?? "")" : ""
      let remedy =
        isReachable && path.isInstalled
        ? (path.isRunning ? "gt daemon install && gt daemon restart" : "gt daemon install") : nil
      return CheckResult(
        need.isVital ? .broken : .warning, need.program, place + mine, why: need.purpose, remedy: remedy)
    }
  }

  private static func needs(_ context: DoctorContext, path: String) -> [Need] {
    let settings = context.settings
    var roles: [(program: String, roles: [String])] = []
    for role in AgentIdentity.Role.allCases {
      guard let program = settings.agent(role).command.first else { continue }
      if let index = roles.firstIndex(where: { $0.program == program }) {
        roles[index].roles.append(role.rawValue)
      } else {
        roles.append((program, [role.rawValue]))
      }
    }
    let usesBd = settings.store == .bd || (settings.store == .auto && Disk.isDirectory(context.layout.beads))
    var wanted = roles.map {
      ($0.program, "The agents of \($0.roles.joined(separator: ", ")) are started with it, and held without it.", true)
    }
    if usesBd { wanted.append(("bd", "The town keeps its beads with bd: without it, all work is unknown.", true)) }
    wanted.append(
      ("git", "Without it, no worktree is updated before a restart or examined after a crash.", false))
    wanted.append(("tmux", "Every agent runs in it.", true))
    let own = context.environment["PATH"] ?? ""
    return wanted.map { program, purpose, isVital in
      Need(
        program: program, found: ExecutableSearch.find(program, path: path),
        foundByPerson: ExecutableSearch.find(program, path: own), purpose: purpose, isVital: isVital)
    }
  }

  /// The PATH of the daemon that supervises the town now.
  private static func running(_ context: DoctorContext) -> ServicePath? {
    guard let pid = context.daemon, let path = context.processes.environment(of: pid)?["PATH"] else { return nil }
    let isUnit = (try? context.units.get())?[context.names.daemon]?["MainPID"] == "\(pid)"
    return ServicePath(
      value: path, source: "the daemon that runs, pid \(pid)", isInstalled: isUnit && environmentFile(context) == nil,
      isRunning: true)
  }

  /// The PATH with which the service would be started.
  private static func configured(_ context: DoctorContext) -> ServicePath? {
    if let file = environmentFile(context) {
      return ServicePath(value: file.value, source: file.path, isInstalled: false)
    }
    let loaded = (try? context.units.get())?[context.names.daemon]?["Environment"] ?? ""
    if let path = variable("PATH", in: loaded) { return ServicePath(value: path, source: context.names.daemon) }
    for isRuntime in [false, true] {
      let directory = TownUnits.unitDirectory(context.environment, isRuntime: isRuntime)
      let file = "\(directory)/\(UnitFiles.pathHolder(context.names))"
      guard let bytes = try? Disk.read(file) else { continue }
      for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
        guard let words = String(line).removingPrefix("Environment=") else { continue }
        if let path = variable("PATH", in: words) {
          // The one specifier that the shipped units have there.
          let home = context.environment["HOME"] ?? ""
          return ServicePath(
            value: path.replacing("%h", with: home).replacing("%%", with: "%"),
            source: file)
        }
      }
    }
    return nil
  }

  /// What a person has put into the file that overrides the unit's own.
  private static func environmentFile(_ context: DoctorContext) -> (value: String, path: String)? {
    let directory = TownUnits.unitDirectory(context.environment, isRuntime: false)
    let path = "\(Disk.parent(of: Disk.parent(of: directory)))/gastown/daemon.env"
    guard let bytes = try? Disk.read(path) else { return nil }
    var value: String?
    for line in String(decoding: bytes, as: UTF8.self).split(separator: "\n") {
      if let path = variable("PATH", in: String(line)) { value = path }
    }
    return value.map { ($0, path) }
  }

  /// A variable of a list as systemd writes it: words between blanks, quoted where they hold one.
  static func variable(_ name: String, in text: String) -> String? {
    var words: [String] = []
    var word = ""
    var quote: Character?
    var isEscaped = false
    for character in text + " " {
      if isEscaped {
        word.append(character)
        isEscaped = false
      } else if character == "\\" {
        isEscaped = true
      } else if character == quote {
        quote = nil
      } else if quote == nil, character == "\"" || character == "'" {
        quote = character
      } else if quote == nil, character.isWhitespace {
        if !word.isEmpty { words.append(word) }
        word = ""
      } else {
        word.append(character)
      }
    }
    return words.last { $0.hasPrefix(name + "=") }.map { String($0.dropFirst(name.count + 1)) }
  }
}
