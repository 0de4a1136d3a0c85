// SPDX-License-Identifier: Apache-2.0

/// What one or more lives of an agent, all over, may have left behind: how that is found again.
package struct AgentRemains: Sendable, Hashable {
  /// The control group of the last life, where it had one.
  package var scope: AgentScope?
  /// The marks of the lives.
  package var marks: Set<String>
  /// The agent's session: what bears a mark and names another one has it from elsewhere, such as from an environment of
  /// tmux in which it was planted; `nil` where that is not looked at.
  package var session: String?
  /// A process that stays: the shell in which the agent ran and which is in its pane still. It may be a person's.
  package var sparing: Int32?
  /// The directory, within the town or absolute, in which what works without a terminal is named, and left alone; `nil`
  /// where it is not looked for, as it takes a look at every process.
  package var home: String?

  /// `nil` where there is nothing by which anything could be found.
  package init?(scope: AgentScope?, marks: Set<String>, sparing: Int32? = nil, home: String? = nil) {
    guard scope != nil || !marks.isEmpty || home != nil else { return nil }
    self.scope = scope
    self.marks = marks
    self.sparing = sparing
    self.home = home
  }

  /// The variable with the mark of a life. It is in the environment of the agent's command only, and so of what that
  /// starts: not in the tmux session's, from which the panes that a person splits off have theirs.
  package static let variable = "GT_LIFE"
}

/// What became of clearing up behind an agent that is dead.
package enum SweepOutcome: Sendable, Hashable {
  /// These processes were ended; others were found and are left alone.
  case swept([Ended], left: [Bystander] = [])
  /// All of it was left as it is, for a good reason.
  case spared(String)
  case failed(String)

  /// A process that a dead agent had left and that was ended.
  package struct Ended: Sendable, Hashable {
    package var pid: Int32
    /// How it was started, shortened.
    package var command: String

    package init(pid: Int32, command: String) {
      self.pid = pid
      self.command = command
    }
  }

  /// A process that was found where a dead agent may have left something, and that is left alone.
  package struct Bystander: Sendable, Hashable {
    package var pid: Int32
    /// How it was started, shortened.
    package var command: String
    package var reason: Reason

    package init(pid: Int32, command: String, reason: Reason) {
      self.pid = pid
      self.command = command
      self.reason = reason
    }
  }

  /// Why a process is left alone.
  package enum Reason: String, Sendable, Hashable {
    case ourselves = "it is this program"
    case living = "an agent that lives, or its tmux server"
    case terminal = "it is a tmux server, or in a living pane"
    case shared = "others use it"
    case planted = "it bears the mark of the agent's life, and not its session"
    case unmarked = "it does not bear the mark of the agent's life"
    case stray = "it works in the agent's directory, and nothing shows that the agent has started it"
  }
}

extension SweepOutcome {
  /// What is at work in the agent's directory still, in words; `nil` where nothing is.
  package var strays: String? {
    guard case .swept(_, let left) = self else { return nil }
    let strays = left.filter { $0.reason == .stray }
    guard !strays.isEmpty else { return nil }
    let names = strays.prefix(5).map { "pid \($0.pid) (\(displayable($0.command)))" }
    return names.joined(separator: ", ") + (strays.count > 5 ? " and \(strays.count - 5) more" : "")
  }
}

extension SweepOutcome.Bystander: CustomStringConvertible {
  package var description: String { "pid \(pid) (\(displayable(command))): \(reason.rawValue)" }
}
