// SPDX-License-Identifier: Apache-2.0

package import Supervision
package import Town

/// Something that befalls a town at one moment. Agents are named by number, modulo how many there are, so
/// that an incident still means something in a smaller town.
package enum Incident: Sendable, Hashable {
  // What agents do and suffer.
  case crash(Int, signal: Int32)
  case exit(Int, status: Int32)
  /// Every process that this agent gets for so many seconds ends soon after its start.
  case sickness(Int, seconds: Int)
  case finish(Int)
  case assign(Int, isSpawning: Bool)
  /// Work for many who do not run, at once.
  case assignMany(percent: Int)
  case closeWork(Int)
  case request(Int, LifecycleAction)
  /// A request that its agent has not made: its state.json does not bear it out.
  case forge(Int, LifecycleAction)
  case announce(Int)

  // What people do.
  case command(PersonCommand.Verb, Int)
  case hold(Int)
  case release(Int)
  case startByHand(Int, isElsewhere: Bool, inShell: Bool)
  case removeSession(Int)
  /// Somebody looks at its session for so many seconds.
  case attach(Int, seconds: Int)
  case useTown
  case askBeat

  // What befalls the machine.
  case killMany(percent: Int)
  case endServer
  case trouble(Trouble, seconds: Int)
  case setClock(seconds: Int)
  case suspend(seconds: Int)
  case reboot

  // What befalls the daemon.
  /// It is killed at the effect that follows so many others, and started again after a while.
  case killDaemon(effects: Int, milliseconds: Int)
  case stopDaemon(milliseconds: Int)
}

/// What does not work for a while.
package enum Trouble: String, Sendable, Hashable, CaseIterable {
  case storeFails, storeHangs, storeIsPartial, inboxFails, sendingFails, closingFails, markingFails
  case tmuxIsSilent, tmuxIsSlow, otherTmuxIsSilent, startsFail, typingFails
  case diskIsFull, diskIsLow, memoryIsShort, evidenceFails, stateFilesFail
  case registryFails, rigFails, holdsFail
  case gitIsSlow, commandIsMissing, notifyFails
  /// What is remembered makes no sense to a daemon that starts meanwhile.
  case ledgerIsSpoilt
  /// The directories of the first rig's agents are not there.
  case directoriesAreMissing

  /// Those of which the first generation of scenarios knew nothing.
  static let later: [Trouble] = [.ledgerIsSpoilt, .directoriesAreMissing]
  static let first = allCases.filter { !later.contains($0) }
}
