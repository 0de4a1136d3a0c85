// SPDX-License-Identifier: Apache-2.0

/// The settings in force, key by key, as the file would have them, and where each comes from.
package struct SettingsListing: Sendable, Hashable {
  package struct Entry: Sendable, Hashable {
    /// With its path, as in `restart.max`.
    package var key: String
    /// `null` where there is no limit, or no server is named.
    package var value: JSONValue
    package var source: Source
  }

  package enum Source: String, Sendable, Hashable, Codable {
    /// It is not set.
    case builtIn = "built in"
    /// The file names it.
    case file
    /// The file names it for all roles.
    case agentsDefault = "agents.default"
    /// The environment does, which outweighs the file.
    case environment
  }

  package private(set) var entries: [Entry] = []

  /// - Parameters:
  ///   - file: what the file says; `nil` where there is none.
  ///   - tmuxSocket: what `GT_TMUX_SOCKET` says; `nil` where it is not set.
  package init(_ settings: TownSettings, file: JSONValue?, tmuxSocket: String?) {
    for role in AgentIdentity.Role.allCases { add(settings.agent(role), of: role, file: file) }
    add("tmux_socket", (tmuxSocket ?? settings.tmuxSocket).map { .string($0) } ?? .null, file)
    if tmuxSocket != nil { entries[entries.count - 1].source = .environment }
    add("beads", .string(settings.store.rawValue), file)
    let policy = settings.policy
    for (name, value) in [
      ("active", policy.heartbeat.active), ("quiet", policy.heartbeat.quiet), ("idle", policy.heartbeat.idle),
      ("dormant", policy.heartbeat.dormant),
    ] {
      add("heartbeat.\(name)", .string(value.setting), file)
    }
    for (name, value) in [
      ("stale", policy.stale), ("gupp", policy.gupp), ("spawning", policy.spawning),
      ("spawn_prune", policy.spawnPrune), ("lifecycle_age", policy.lifecycleAge), ("ready", policy.ready),
      ("mass_window", policy.massWindow),
    ] {
      add("checks.\(name)", .string(value.setting), file)
    }
    add("checks.mass_share", .number(policy.massShare), file)
    add("checks.disk_free", .string(sizeSetting(policy.diskFree)), file)
    add("checks.memory_pressure", .number(policy.memoryPressure), file)
    for (name, value) in [
      ("initial", policy.restart.initial), ("max", policy.restart.max), ("loop_window", policy.restart.loopWindow),
      ("probe", policy.restart.probe), ("stable", policy.restart.stable), ("stagger", policy.restart.stagger),
    ] {
      add("restart.\(name)", .string(value.setting), file)
    }
    add("restart.loop_count", .integer(Int64(policy.restart.loopCount)), file)
    add("restart.per_minute", .integer(Int64(policy.restart.perMinute)), file)
    for (name, value) in [
      ("tmux", settings.deadlines.tmux), ("bd", settings.deadlines.bd), ("git", settings.deadlines.git),
    ] {
      add("deadlines.\(name)", .string(value.setting), file)
    }
    add("notify", .array(settings.notify.map { .string($0) }), file)
  }

  private mutating func add(_ agent: TownSettings.Agent, of role: AgentIdentity.Role, file: JSONValue?) {
    let values: [(String, JSONValue)] = [
      ("command", .array(agent.command.map { .string($0) })), ("resume", .array(agent.resume.map { .string($0) })),
      ("begin", .string(agent.begin)), ("memory_max", agent.memoryMax.map { .string(sizeSetting($0)) } ?? .null),
      ("tasks_max", agent.tasksMax.map { .integer($0) } ?? .null),
    ]
    for (name, value) in values {
      add("agents.\(role.rawValue).\(name)", value, file)
      let isInherited = file?.member(at: "agents.default.\(name)") != nil
      if isInherited, entries[entries.count - 1].source == .builtIn {
        entries[entries.count - 1].source = .agentsDefault
      }
    }
  }

  private mutating func add(_ key: String, _ value: JSONValue, _ file: JSONValue?) {
    entries.append(Entry(key: key, value: value, source: file?.member(at: key) == nil ? .builtIn : .file))
  }

  /// The same as a file: what `mayor/daemon.json` would say if everything were written there.
  package var json: JSONValue {
    entries.reduce(into: JSONValue.object([:])) { json, entry in
      if entry.value != .null { json.set(entry.value, at: entry.key.split(separator: ".").map(String.init)[...]) }
    }
  }
}

extension JSONValue {
  /// The member at a path such as `restart.max`.
  package func member(at path: String) -> JSONValue? {
    path.split(separator: ".").reduce(Optional(self)) { $0?.object?[String($1)] }
  }

  fileprivate mutating func set(_ value: JSONValue, at path: ArraySlice<String>) {
    guard let name = path.first else {
      self = value
      return
    }
    var members = object ?? [:]
    var member = members[name] ?? .object([:])
    member.set(value, at: path.dropFirst())
    members[name] = member
    self = .object(members)
  }
}

extension Duration {
  /// Milliseconds, cut off towards zero. Dividing durations would not do: their quotient is a `Double`, which may
  /// fall short of a whole number.
  package var wholeMilliseconds: Int64 {
    let (seconds, attoseconds) = components
    return Int64(clamping: Int128(seconds) * 1_000 + Int128(attoseconds / 1_000_000_000_000_000))
  }

  /// As the settings write it, in the largest unit that loses nothing down to milliseconds.
  package var setting: String {
    let milliseconds = wholeMilliseconds
    if milliseconds == 0 { return "0s" }
    for (unit, length) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000)] as [(String, Int64)]
    where milliseconds.isMultiple(of: length) {
      return "\(milliseconds / length)\(unit)"
    }
    return "\(milliseconds)ms"
  }
}

/// A number of bytes as the settings write it.
private func sizeSetting(_ bytes: Int64) -> String {
  for (unit, shift) in [("T", 40), ("G", 30), ("M", 20), ("K", 10)] as [(String, Int64)]
  where bytes.isMultiple(of: 1 << shift) {
    return "\(bytes >> shift)\(unit)"
  }
  return "\(bytes)"
}
