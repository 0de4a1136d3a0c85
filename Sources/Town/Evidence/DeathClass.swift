// SPDX-License-Identifier: Apache-2.0

/// The kinds of death, which mean different things to the reader of a report.
package enum DeathClass: String, Sendable, Hashable, CaseIterable, Codable {
  case cleanExit = "clean_exit"
  /// It ended with a status other than 0.
  case crash
  /// A signal ended it.
  case killed
  /// It ended and left a bare shell in its pane.
  case deadShell = "dead_shell"
  /// It ended of itself before it had shown its prompt.
  case neverReady = "never_ready"
  case serverGone = "server_gone"
  /// Its session was removed from outside.
  case vanished
  case commandNotFound = "command_not_found"
  case unknown

  /// `env`, behind which every agent is started, ends with these where it cannot run the command.
  private static let notRun: Set<Int32> = [126, 127]

  /// - Parameter wasWaiting: whether it had been started and not yet been told to begin.
  package init(_ cause: ExitCause?, wasWaiting: Bool) {
    self =
      switch cause {
      case nil: .unknown
      case .serverGone?: .serverGone
      case .sessionGone?: .vanished
      case .shellLeft?: .deadShell
      case .signalled?: .killed
      case .exited(let status)? where wasWaiting && DeathClass.notRun.contains(status): .commandNotFound
      case .exited? where wasWaiting: .neverReady
      case .exited(status: 0)?: .cleanExit
      case .exited?: .crash
      }
  }

  /// For people.
  package var words: String {
    switch self {
    case .cleanExit: "clean exit"
    case .crash: "crash"
    case .killed: "killed"
    case .deadShell: "dead shell"
    case .neverReady: "never became ready"
    case .serverGone: "tmux server gone"
    case .vanished: "session removed"
    case .commandNotFound: "command not found"
    case .unknown: "unknown"
    }
  }
}

/// Who is known to have ended an agent.
package enum Killer: Sendable, Hashable {
  /// The daemon, for a duty of its own.
  case daemon
  /// A person, or an agent, through `gt`.
  case person(String)
  /// The kernel, as memory ran out.
  case outOfMemory
  case unknown

  /// - Returns: `nil` where it ended by itself, or with its server.
  package init?(of report: DeathReport, memory: MemoryEvents?) {
    switch report.cause {
    case .signalled?, .sessionGone?: break
    case .exited?, .serverGone?, .shellLeft?, nil: return nil
    }
    if let intent = report.intent, intent.step != .claimed {
      self = intent.isPersons ? .person(intent.who) : .daemon
    } else if let hold = report.hold, hold.kind == .stop {
      self = .person(hold.who)
    } else if report.cause == .signalled(9), memory?.sawKill == true {
      self = .outOfMemory
    } else if report.cause == .signalled(15), memory?.isReported == true {
      // A unit of others may be ended as a whole where one of its processes was killed for memory.
      self = .outOfMemory
    } else {
      self = .unknown
    }
  }

  /// In a capsule.
  package var word: String {
    switch self {
    case .daemon: "daemon"
    case .person: "person"
    case .outOfMemory: "oom_killer"
    case .unknown: "unknown"
    }
  }

  package var name: String? {
    if case .person(let name) = self { name } else { nil }
  }
}
