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
      case .alive: return .finish
      case .unknown(let reason): return .wait(reason)
      case .deadShell(let shell) where shell.isAttached:
        return .wait("a person is looking at the shell in \(agent.session)")
      case .deadShell(let shell) where !shell.belongsHere:
        return .wait("\(agent.session) holds a shell that is not this agent's")
      case .dead, .deadShell, .absent: return .start(liveness.place)
      }
    }
  }

  private static func end(_ intent: LifecycleIntent, liveness: Liveness) -> Act {
    switch liveness {
    case .unknown(let reason): .wait(reason)
    // Somebody has started the agent anew: that process is not the one that was to end.
    case .alive(let life, _) where life != intent.life: .end(.absent)
    case .alive, .dead, .deadShell, .absent: .end(liveness)
    }
  }
}
