// SPDX-License-Identifier: Apache-2.0

/// What is remembered of one agent between turns and across restarts of the daemon.
package struct AgentRecord: Sendable, Hashable, Codable {
  /// A death that was seen and has not been answered yet.
  package struct Death: Sendable, Hashable, Codable {
    package var seenAt: Timestamp
    /// The life that ended; `nil` where only the corpse was found.
    package var life: ProcessLife?
    package var cause: ExitCause?
    /// The work that was on the agent's hook.
    package var hook: String?
    /// The notices that have gone out because of it, so that each goes out once.
    package var told: Set<String> = []
    /// Whether an end without an error has been counted against the work on its hook.
    package var isCounted: Bool?
    /// The id of its capsule.
    package var capsule: String?
    /// When the life was first seen.
    package var since: Timestamp?

    enum CodingKeys: String, CodingKey {
      case life, cause, hook, told, capsule, since
      case seenAt = "seen_at"
      case isCounted = "is_counted"
    }
  }

  /// A pane's dead process, by which a corpse is known again and never counted twice.
  package struct Grave: Sendable, Hashable, Codable {
    package var server: ServerIdentity
    package var pane: String
    package var pid: Int32

    package init(server: ServerIdentity, pane: String, pid: Int32) {
      self.server = server
      self.pane = pane
      self.pid = pid
    }

    /// Where the corpse of a life is, if it has left one.
    package init(of life: ProcessLife) { self.init(server: life.server, pane: life.pane, pid: life.pid) }
  }

  /// An attempt to start the agent that was begun and whose end has not been recorded.
  package struct Launch: Sendable, Hashable, Codable {
    package var at: Timestamp
    package var isRestart: Bool
    package var hook: String?
    /// Whether it was started with the arguments that take its conversation up again.
    package var resumes: Bool?

    package init(at: Timestamp, isRestart: Bool, hook: String?, resumes: Bool = false) {
      self.at = at
      self.isRestart = isRestart
      self.hook = hook
      self.resumes = resumes ? true : nil
    }

    enum CodingKeys: String, CodingKey {
      case at, hook, resumes
      case isRestart = "is_restart"
    }
  }

  /// What was reported about the work on the agent's hook.
  package struct Told: Sendable, Hashable, Codable {
    package var hook: String
    /// When the agent's bead had last been changed.
    package var since: Timestamp
    /// Whether the message went out; until then it is sent again with every heartbeat.
    package var isSent = false

    package init(hook: String, since: Timestamp) {
      self.hook = hook
      self.since = since
    }

    enum CodingKeys: String, CodingKey {
      case hook, since
      case isSent = "is_sent"
    }

    /// Whether nothing has changed since.
    package func isAbout(_ hook: String, since: Timestamp) -> Bool {
      self.hook == hook && self.since.inMilliseconds == since.inMilliseconds
    }
  }

  /// A bead that is being marked dead, and why the last attempt has failed.
  package struct Marking: Sendable, Hashable, Codable {
    package var bead: String
    package var since: Timestamp
    package var failure: String?

    package init(bead: String, since: Timestamp, failure: String? = nil) {
      self.bead = bead
      self.since = since
      self.failure = failure
    }
  }

  /// An agent that others have started and that is being adopted, or is not, and why.
  package struct Adoption: Sendable, Hashable, Codable {
    package var life: ProcessLife
    package var failure: String?
    /// When it is tried again, where the last attempt has failed.
    package var retryAt: Timestamp?

    enum CodingKeys: String, CodingKey {
      case life, failure
      case retryAt = "retry_at"
    }
  }

  /// A time in which the agent was frozen on purpose.
  package struct Freeze: Sendable, Hashable, Codable {
    package var life: ProcessLife
    package var since: Timestamp
    /// When it was seen to go on; `nil` for as long as it does not.
    package var thawedAt: Timestamp?

    package init(life: ProcessLife, since: Timestamp) {
      self.life = life
      self.since = since
    }

    package var isOngoing: Bool { thawedAt == nil }

    enum CodingKeys: String, CodingKey {
      case life, since
      case thawedAt = "thawed_at"
    }
  }

  /// The agent's last known life. It stays here until the death is seen.
  package var life: ProcessLife? {
    didSet { if life != nil { ended = nil } }
  }
  /// The last life, where it was ended on purpose. Its dead pane may remain, beside a person's that lives.
  package private(set) var ended: ProcessLife?
  /// When that life was first seen.
  package var since: Timestamp?
  /// The work on the hook of that life when its bead was last read: it may end while no daemon looks.
  package var hook: String?
  package var death: Death?
  /// The last corpse that was seen. It stays when the agent lives elsewhere: it may be found again after that.
  package private(set) var grave: Grave?
  /// The one before, where it lies in another pane.
  package private(set) var formerGrave: Grave?
  package var launch: Launch?
  package var restartPolicy = RestartPolicy()
  /// Whether this life was begun with the arguments that take its conversation up again.
  package var isResumed: Bool?
  /// Whether the last life that was begun so ended at once: the next is begun without.
  package var resumeFailed: Bool?
  /// Restarts so far, ever.
  package var restarts = 0
  /// Whether it was reported that this life is not ready; cleared with the next life.
  package var toldNotReady = false
  /// The work on the hook that the last refusal to start was told about.
  package var toldRefusal: String?
  package var toldGupp: Told?
  package var toldOrphan: Told?
  package var marking: Marking?
  package var adoption: Adoption?
  /// The process in the pane's shell that was taken for the agent, where the life is a shell's.
  package var worker: Int32?
  /// An end of it that has been decided and not been carried out to its end.
  package var lifecycle: LifecycleIntent?
  /// Requests of its own that were dealt with, and that its state.json may still ask for; `nil` where there are none.
  package var withdrawn: Withdrawals?
  /// Its own request to stay down.
  package var shutdown: Shutdown?
  /// The control group of its present life, or of the last one until nothing is left in it.
  package var scope: AgentScope?
  /// The marks of its present life and of former ones that may have left something, the newest last. Each is here
  /// before the start that it is for.
  package var marks: [String]?
  package var freeze: Freeze?
  /// Since when the town has no such agent.
  package var goneSince: Timestamp?
  /// Since when it does not run, and is not started because a tmux server does not answer.
  package var unansweredSince: Timestamp?

  package init() {}

  enum CodingKeys: String, CodingKey {
    case life, ended, since, hook, death, grave, launch, restarts, marking, adoption, worker, lifecycle, withdrawn,
      shutdown,
      scope, marks, freeze
    // As it was called when there was a back-off only.
    case restartPolicy = "backoff"
    case isResumed = "is_resumed"
    case resumeFailed = "resume_failed"
    case toldNotReady = "told_not_ready"
    case toldRefusal = "told_refusal"
    case toldGupp = "told_gupp"
    case toldOrphan = "told_orphan"
    case formerGrave = "former_grave"
    case goneSince = "gone_since"
    case unansweredSince = "unanswered_since"
  }

  /// The corpses whose end is known.
  package var graves: Set<Grave> { Set([grave, formerGrave].compactMap(\.self)) }

  /// Whether that corpse's end is known.
  package func knows(_ corpse: Grave) -> Bool { corpse == grave || corpse == formerGrave }

  /// Remembers a corpse whose end is known.
  package mutating func bury(_ corpse: Grave) {
    // A pane holds one corpse at a time.
    if let last = grave, last.server != corpse.server || last.pane != corpse.pane { formerGrave = last }
    grave = corpse
  }

  /// Remembers a life that was ended on purpose: that is no death.
  package mutating func noteEnd(of former: ProcessLife?) {
    if let former { bury(Grave(of: former)) }
    life = nil
    ended = former
    since = nil
    hook = nil
    death = nil
    worker = nil
  }

  /// Notes that a message about the work on the hook has gone out.
  package mutating func noteSent(_ notice: Notice) {
    switch notice.key {
    case Notice.guppKey where toldGupp?.hook == notice.hook: toldGupp?.isSent = true
    case Notice.orphanKey where toldOrphan?.hook == notice.hook: toldOrphan?.isSent = true
    default: break
    }
  }

  /// Remembers the mark of a life that is about to begin; of many starts that came to nothing, those of the last.
  package mutating func noteMark(_ mark: String) {
    marks = ((marks ?? []) + [mark]).suffix(8)
  }

  /// Forgets marks by which nothing is to be found any more.
  package mutating func forget(_ former: Set<String>) {
    let left = (marks ?? []).filter { !former.contains($0) }
    marks = left.isEmpty ? nil : left
  }

  /// Notes that a request is to be taken out of its state.json.
  package mutating func withdraw(_ withdrawal: Withdrawal) {
    var withdrawals = withdrawn ?? Withdrawals()
    withdrawals.insert(withdrawal)
    withdrawn = withdrawals
  }

  /// Notes that requests have been taken out.
  package mutating func noteWithdrawn(_ withdrawals: [Withdrawal]) {
    withdrawn?.remove(withdrawals)
    if withdrawn?.isEmpty == true { withdrawn = nil }
  }

  /// Notes that a request is carried out, whose end takes it out of state.json.
  package mutating func noteClaimed(_ action: LifecycleAction) {
    withdrawn?.remove(action)
    if withdrawn?.isEmpty == true { withdrawn = nil }
  }

  package var isEmpty: Bool { self == AgentRecord() }

  /// Whether nothing is known of a life, of a death, or of an attempt to start it.
  package var hasNeverRun: Bool {
    life == nil && ended == nil && death == nil && grave == nil && launch == nil && restarts == 0
      && restartPolicy == RestartPolicy()
  }

  mutating func boundCounts() {
    restarts = Ledger.bounded(restarts)
    restartPolicy.attempts = Ledger.bounded(restartPolicy.attempts)
  }
}

extension AgentRecord {
  /// Whether this is another pane of the session in which the agent has lived: a person's, which outlasts the
  /// agent's own. A session that was made after the agent was first seen is another one.
  package func isBeside(_ other: ProcessLife, place: Liveness.Place) -> Bool {
    guard !place.isMarked, let former = life ?? death?.life, let since = since ?? death?.since,
      let created = place.sessionCreated
    else { return false }
    return former.server == other.server && former.pane != other.pane && created <= since
  }

  /// Why a pane for which ``isBeside(_:place:)`` is true is neither the agent's life nor ended.
  static let besideIt = "its own pane is gone, and this is another one of its session"

  /// What was seen, with the objection that what is remembered makes to it.
  package func doubting(_ liveness: Liveness) -> Liveness {
    guard case .alive(let life, var place) = liveness, isBeside(life, place: place) else { return liveness }
    place.objection = AgentRecord.besideIt
    return .alive(life, place: place)
  }
}
