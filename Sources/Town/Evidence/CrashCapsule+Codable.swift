// SPDX-License-Identifier: Apache-2.0

/// The file's layout: one object, every key always there, `null` for what is not known.
extension CrashCapsule: Codable {
  private enum CodingKeys: String, CodingKey {
    case version, id, agent, role, session, cause, pid, restarts, pane, worktree
    case seenAt = "seen_at"
    case diedAt = "died_at"
    case startedAt = "started_at"
    case uptime = "uptime_seconds"
    case exitStatus = "exit_status"
    case exitSignal = "exit_signal"
    case killedBy = "killed_by"
    case killedByName = "killed_by_name"
    case hook = "hook_bead"
    case lastWords = "last_words"
    case lastWordsMissing = "last_words_missing"
    case worktreeMissing = "worktree_missing"
    case tmuxServer = "tmux_server"
    case tmuxVersion = "tmux_version"
    case memory = "memory_events"
  }

  package init(from decoder: any Decoder) throws {
    let container = try decoder.container(keyedBy: CodingKeys.self)
    version = try container.decode(Int.self, forKey: .version)
    guard version <= CrashCapsule.currentVersion else {
      throw DecodingError.dataCorruptedError(
        forKey: .version, in: container,
        debugDescription: "a newer daemon wrote it (version \(version), this one knows \(CrashCapsule.currentVersion))")
    }
    id = try container.decode(String.self, forKey: .id)
    agent = try container.decode(String.self, forKey: .agent)
    role = try container.decode(AgentIdentity.Role.self, forKey: .role)
    session = try container.decode(String.self, forKey: .session)
    seenAt = try container.decode(Timestamp.self, forKey: .seenAt)
    diedAt = try container.decodeIfPresent(Timestamp.self, forKey: .diedAt)
    startedAt = try container.decodeIfPresent(Timestamp.self, forKey: .startedAt)
    kind = try container.decode(DeathClass.self, forKey: .cause)
    exitStatus = try container.decodeIfPresent(Int32.self, forKey: .exitStatus)
    exitSignal = try container.decodeIfPresent(Int32.self, forKey: .exitSignal)
    killedBy = try container.decodeIfPresent(String.self, forKey: .killedBy)
    killedByName = try container.decodeIfPresent(String.self, forKey: .killedByName)
    pid = try container.decodeIfPresent(Int32.self, forKey: .pid)
    restarts = try container.decode(Int.self, forKey: .restarts)
    hook = try container.decodeIfPresent(String.self, forKey: .hook)
    let lines = try container.decodeIfPresent([String].self, forKey: .lastWords)
    let whyNoLines = try container.decodeIfPresent(String.self, forKey: .lastWordsMissing)
    lastWords = lines.map { .known($0) } ?? .unknown(whyNoLines ?? "")
    let found = try container.decodeIfPresent(Worktree.self, forKey: .worktree)
    let whyNoWorktree = try container.decodeIfPresent(String.self, forKey: .worktreeMissing)
    worktree = found.map { .known($0) } ?? .unknown(whyNoWorktree ?? "")
    tmuxServer = try container.decodeIfPresent(String.self, forKey: .tmuxServer)
    tmuxVersion = try container.decodeIfPresent(String.self, forKey: .tmuxVersion)
    pane = try container.decodeIfPresent(String.self, forKey: .pane)
    memory = try container.decodeIfPresent(MemoryEvents.self, forKey: .memory)
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: CodingKeys.self)
    try container.encode(version, forKey: .version)
    try container.encode(id, forKey: .id)
    try container.encode(agent, forKey: .agent)
    try container.encode(role, forKey: .role)
    try container.encode(session, forKey: .session)
    try container.encode(seenAt, forKey: .seenAt)
    try container.encode(diedAt, forKey: .diedAt)
    try container.encode(startedAt, forKey: .startedAt)
    // Milliseconds, so that the file does not claim more than is known.
    try container.encode(uptime.map { Double($0.wholeMilliseconds) / 1_000 }, forKey: .uptime)
    try container.encode(kind, forKey: .cause)
    try container.encode(exitStatus, forKey: .exitStatus)
    try container.encode(exitSignal, forKey: .exitSignal)
    try container.encode(killedBy, forKey: .killedBy)
    try container.encode(killedByName, forKey: .killedByName)
    try container.encode(pid, forKey: .pid)
    try container.encode(restarts, forKey: .restarts)
    try container.encode(hook, forKey: .hook)
    try container.encode(lastWords.value, forKey: .lastWords)
    try container.encode(lastWords.failure, forKey: .lastWordsMissing)
    try container.encode(worktree.value, forKey: .worktree)
    try container.encode(worktree.failure, forKey: .worktreeMissing)
    try container.encode(tmuxServer, forKey: .tmuxServer)
    try container.encode(tmuxVersion, forKey: .tmuxVersion)
    try container.encode(pane, forKey: .pane)
    try container.encode(memory, forKey: .memory)
  }
}
