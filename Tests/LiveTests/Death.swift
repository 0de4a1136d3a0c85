// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Town

/// A way in which a machine takes an agent away.
enum Death: Hashable, Sendable, CustomStringConvertible {
  /// It ends by itself, with this status; its work is still on its hook.
  case exited(Int32)
  case signalled(Int32)
  /// Somebody removes its session.
  case sessionKilled
  /// Somebody removes its pane.
  case paneKilled
  /// It is killed, and whoever comes next ends in its first millisecond.
  case stillborn(Int32)
  /// It turns into a login shell, which is no death, and is killed as that.
  case becameShell
  /// Another tool has started it, and it leaves its shell behind.
  case shellLeft
  /// It ends when its work is done.
  case finished
  /// It is killed while a person holds it.
  case held
  /// Its tmux server is killed.
  case serverKilled
  /// Its tmux server is told to end.
  case serverEnded

  /// How many of them there are in a run; `GASTOWN_DEATHS` is for the long one.
  static let count = TestEnvironment.variable("GASTOWN_DEATHS").flatMap { Int($0) } ?? 100
  /// Of which a run is made; `GASTOWN_SEED` repeats one.
  static let seed =
    TestEnvironment.variable("GASTOWN_SEED").flatMap { UInt64($0) } ?? UInt64.random(in: 0..<1_000_000)

  /// The signals that end a process by default, and are sent in earnest.
  static let signals: [Int32] = [1, 6, 9, 11, 15]

  /// One that befalls an agent alone.
  static func random(of role: AgentIdentity.Role, using random: inout SplitMix) -> Death {
    var kinds = ["exit", "signal", "signal", "session", "pane", "stillborn", "shell"]
    // Only a polecat has work, and the want of it.
    if role == .polecat { kinds += ["done", "finished", "held"] }
    return switch kinds.randomElement(using: &random) {
    case "exit": .exited(Int32.random(in: 1...120, using: &random))
    case "session": .sessionKilled
    case "pane": .paneKilled
    case "stillborn": .stillborn(Int32.random(in: 1...120, using: &random))
    case "shell": .becameShell
    case "done": .exited(0)
    case "finished": .finished
    case "held": .held
    default: .signalled(signals.randomElement(using: &random) ?? 9)
    }
  }

  var description: String {
    switch self {
    case .exited(let status): "exit \(status == 0 ? "0" : "by code")"
    case .signalled(let signal): "signal \(signal)"
    case .sessionKilled: "session removed"
    case .paneKilled: "pane removed"
    case .stillborn: "dead in its first millisecond"
    case .becameShell: "turned into a shell, killed"
    case .shellLeft: "shell left behind"
    case .finished: "exit 0, work done"
    case .held: "killed while held"
    case .serverKilled: "server killed"
    case .serverEnded: "server ended"
    }
  }
}
