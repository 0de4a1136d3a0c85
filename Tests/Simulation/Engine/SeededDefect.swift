// SPDX-License-Identifier: Apache-2.0

import Town

/// A fault of the rules, or of what carries them out, that is put in on purpose: the simulation must find
/// each of them. They are wrappers around the world and settings, and no part of any product.
package enum SeededDefect: String, Sendable, Hashable, CaseIterable {
  // Guards that are missing.
  /// A person's holds are not looked at, neither by the rules nor just before a start.
  case holdsAreIgnored
  /// A tmux server that does not answer is taken for one without sessions.
  case silenceIsAbsence
  /// Beads that cannot be read afresh are taken from the last listing.
  case staleBeadsAreFresh
  /// An agent's state.json is not asked whether it wants what the mail asks for.
  case requestsAreBelieved
  /// Only the town's own tmux server is looked at.
  case otherServersAreForgotten
  /// A tmux server whose socket was removed is taken for gone.
  case removedSocketIsAbsence
  /// A pane that bears the agent's mark is the agent.
  case marksAreBelieved
  /// The tmux servers of other users are asked.
  case strangersAreAsked
  /// Where the ledger has the agents' lives is not looked at.
  case knownLivesAreForgotten
  /// There is no limit of starts in a minute.
  case startsAreNotPaced
  /// Nobody is ever parked, and nobody waits.
  case nobodyBacksOff

  /// A tmux server that does not answer keeps everybody from being started, though no agent has lived there.
  case strangersHoldBack
  /// A command that was missing for a moment counts as missing for an hour.
  case momentsLast
  /// A store that answers late is taken for one that fails.
  case storesAreHurried
  /// What is not in a list of beads that ends early is taken for not there.
  case shortListsAreWhole
  /// Agents count as idle after two minutes.
  case noticesAreHasty

  // Acts that are wrong.
  /// A session is ended by the beginning of its name.
  case namesMatchByPrefix
  /// A session's process is replaced although it lives.
  case respawnKills
  /// A claim is not in the ledger before its message is deleted.
  case claimIsNotAtomic
  /// What a dead agent has started is left at work beside the next one.
  case childrenAreLeft
  /// With what a dead agent has started everything is ended that was started beside it.
  case childrenAreEndedByName
  /// The step of a request is forgotten once its process has ended.
  case endedStepIsForgotten
  /// A request that could not be taken out of its agent's state.json counts as taken out.
  case requestsStayInTheirFiles
  /// Attempts to start are not written down before they are made.
  case attemptsAreForgotten
  /// Those who wait for their prompt are not written down.
  case pendingIsForgotten
  /// The ledger that a new daemon reads is an old one.
  case ledgerIsOld
  /// Messages count as sent, and are not.
  case messagesAreLost

  // Time.
  /// The ends of processes are not noticed.
  case deathsAreNotNoticed
  /// A look waits for tmux without a deadline.
  case looksHaveNoDeadline
  /// Timers are lost now and then.
  case timersAreLost

  /// Text of a town is printed as it is.
  case textIsPrinted

  /// The limits that the supervisor gets.
  var policy: Policy {
    var policy = Policy()
    switch self {
    case .startsAreNotPaced: policy.restart.perMinute = 10_000
    case .nobodyBacksOff:
      policy.restart.loopCount = 10_000
      policy.restart.initial = .milliseconds(1)
      policy.restart.max = .milliseconds(1)
    case .noticesAreHasty: policy.gupp = .seconds(120)
    default: break
    }
    return policy
  }
}
