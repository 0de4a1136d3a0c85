// SPDX-License-Identifier: Apache-2.0

/// What comes next for an agent whose end has been decided: see ``LifecycleIntent``.
package enum IntentRule {
  package enum Act: Sendable, Hashable {
    case deleteMail(String)
    /// Ends exactly this process, and takes back what the agent's state.json says.
    case end(Liveness)
    /// Starts the agent in the place of what is seen now.
    case start(LaunchOrder.Place)
    /// Everything is done.
    case finish
    case wait(String)
    /// It is given up.
    case abandon(String)
  }

  package static func next(
    _ intent: LifecycleIntent, agent: AgentIdentity, liveness: Liveness, at time: Timestamp, policy: Policy
  ) -> Act {
    switch intent.step {
    case .claimed:
      guard let mail = intent.mail else { return end(intent, liveness: liveness) }
      // Where nobody is left to be ended, nothing has to wait for the message.
      switch liveness {
      case .dead, .absent: return end(intent, liveness: liveness)
      case .alive, .deadShell, .unknown: break
      }
      // Whoever asked this long ago does not expect it any more.
      if time - intent.at > policy.lifecycleAge {
        return .abandon("its message could not be deleted for \(policy.lifecycleAge.inWords)")
      }
      return .deleteMail(mail)
    case .ending:
      return end(intent, liveness: liveness)
    case .ended:
      guard intent.action.startsAgain else { return .finish }
      switch liveness {
      case .alive(_, let place):
        // What cannot be told to be the agent is not the one that was to be started.
        if !place.isMarked, let objection = place.objection { return .wait(objection) }
        return .finish
      case .unknown(let reason): return .wait(reason)
      case .deadShell(let shell) where shell.isSomebodyElses: return .wait(shell.whose)
      case .dead, .deadShell, .absent: return .start(liveness.place)
      }
    }
  }

  private static func end(_ intent: LifecycleIntent, liveness: Liveness) -> Act {
    switch liveness {
    case .unknown(let reason): .wait(reason)
    case .deadShell(let shell) where shell.isSomebodyElses: .wait(shell.whose)
    // Somebody has started the agent anew: that process is not the one that was to end.
    case .alive(let life, _) where life != intent.life: .end(.absent)
    case .alive, .dead, .deadShell, .absent: .end(liveness)
    }
  }
}

extension Liveness.Shell {
  /// Whether it must be left alone.
  var isSomebodyElses: Bool { isAttached || !belongsHere }

  var whose: String {
    isAttached ? "a person is looking at the shell that it left" : "the shell in its session is not this agent's"
  }
}
