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
  /// Something that outlives it leaves its group and its terminal, for so many seconds; or a person starts something
  /// in a pane beside it.
  case detach(Int, isPersons: Bool, seconds: Int)

  // What people do.
  case command(PersonCommand.Verb, Int)
  case hold(Int)
  case release(Int)
  case startByHand(Int, isElsewhere: Bool, inShell: Bool)
  case removeSession(Int)
  /// A person's pane in its session, which somebody has given the agent's mark, is there for so many seconds.
  case forgeMark(Int, isShell: Bool, isAdopted: Bool, seconds: Int)
  /// Somebody looks at its session for so many seconds.
  case attach(Int, seconds: Int)
  case useTown
  case askBeat

  // What befalls the machine.
  case killMany(percent: Int)
  case endServer
  case trouble(Outage, seconds: Int)
  case setClock(seconds: Int)
  case suspend(seconds: Int)
  case reboot
  /// The file of a tmux server's socket is removed, while the server runs.
  case removeSocket(isOwn: Bool)
  /// Another user has a tmux server with a session of the agent's name for so many seconds.
  case stranger(Int, isMarked: Bool, seconds: Int)

  // What befalls the daemon.
  /// It is killed at the effect that follows so many others, and started again after a while.
  case killDaemon(effects: Int, milliseconds: Int)
  case stopDaemon(milliseconds: Int)
}

/// What does not work for a while.
package enum Outage: String, Sendable, Hashable, CaseIterable {
  case storeFails, storeHangs, storeIsPartial, inboxFails, sendingFails, closingFails, markingFails
  case tmuxIsSilent, tmuxIsSlow, otherTmuxIsSilent, startsFail, typingFails
  case diskIsFull, diskIsLow, memoryIsShort, evidenceFails, stateFilesFail
  case registryFails, rigFails, holdsFail
  case gitIsSlow, commandIsMissing, notifyFails
  /// What is remembered makes no sense to a daemon that starts meanwhile.
  case ledgerIsSpoilt
  /// The directories of the first rig's agents are not there.
  case directoriesAreMissing
  /// The town's tmux server has lost its socket, and another one has taken the path.
  case socketIsTaken
  /// A tmux server of the same user on which no agent has ever lived does not answer.
  case strangerIsWedged
  case otherTmuxIsSlow, storeIsSlow
  /// Lists of beads end after fifty rows.
  case listsAreShort

  /// Those of which the first generation of scenarios knew nothing.
  static let later: [Outage] = [
    .ledgerIsSpoilt, .directoriesAreMissing, .socketIsTaken, .strangerIsWedged, .otherTmuxIsSlow, .storeIsSlow,
    .listsAreShort,
  ]
  static let first = allCases.filter { !later.contains($0) }

  /// Whether everything is owed as if nothing were the matter.
  var isNoExcuse: Bool {
    switch self {
    case .strangerIsWedged, .otherTmuxIsSlow, .storeIsSlow: true
    default: false
    }
  }
}
