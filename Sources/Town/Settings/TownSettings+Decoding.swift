// SPDX-License-Identifier: Apache-2.0

extension TownSettings {
  /// Reads the settings out of the file's JSON.
  ///
  /// - Throws: ``SettingsError`` for an unknown key, a wrong type or an impossible value.
  package init(json: JSONValue) throws(SettingsError) {
    self.init()
    var reader = try SettingsReader(json)
    try reader.object("agents") { (agents) throws(SettingsError) in try readAgents(&agents) }
    tmuxSocket = try reader.string("tmux_socket")
    if let tmuxSocket, tmuxSocket.isEmpty || tmuxSocket.utf8.contains(0) {
      throw SettingsError(key: "tmux_socket", reason: "a path, a server's name or 'default' is expected")
    }
    if let word = try reader.string("beads") {
      guard let store = Store(rawValue: word) else {
        throw SettingsError(key: "beads", reason: "'\(displayable(word))' is not one of auto, bd, sqlite")
      }
      self.store = store
    }
    try reader.object("heartbeat") { (heartbeat) throws(SettingsError) in
      policy.heartbeat.active = try heartbeat.duration("active", atLeast: .seconds(1)) ?? policy.heartbeat.active
      policy.heartbeat.quiet = try heartbeat.duration("quiet", atLeast: .seconds(1)) ?? policy.heartbeat.quiet
      policy.heartbeat.idle = try heartbeat.duration("idle", atLeast: .seconds(1)) ?? policy.heartbeat.idle
      policy.heartbeat.dormant = try heartbeat.duration("dormant", atLeast: .seconds(1)) ?? policy.heartbeat.dormant
    }
    try reader.object("checks") { (checks) throws(SettingsError) in try readChecks(&checks) }
    try reader.object("restart") { (restart) throws(SettingsError) in try readRestart(&restart) }
    try reader.object("deadlines") { (limits) throws(SettingsError) in
      deadlines.tmux = try limits.duration("tmux", atLeast: .milliseconds(100), atMost: .seconds(8)) ?? deadlines.tmux
      deadlines.bd = try limits.duration("bd", atLeast: .milliseconds(100), atMost: .seconds(600)) ?? deadlines.bd
      deadlines.git = try limits.duration("git", atLeast: .milliseconds(100), atMost: .seconds(600)) ?? deadlines.git
    }
    policy.resuming = Set(agents.filter { !$0.value.resume.isEmpty }.keys)
    policy.jobLimit = deadlines.git + deadlines.bd * 3 + deadlines.tmux * 8 + .seconds(70)
    notify = try reader.strings("notify") ?? []
    try reader.finish()
  }

  private mutating func readAgents(_ reader: inout SettingsReader) throws(SettingsError) {
    var fallback = Agent()
    try reader.object("default") { (agent) throws(SettingsError) in try TownSettings.readAgent(&agent, into: &fallback)
    }
    for role in AgentIdentity.Role.allCases {
      var settings = fallback
      try reader.object(role.rawValue) { (agent) throws(SettingsError) in
        try TownSettings.readAgent(&agent, into: &settings)
      }
      agents[role] = settings
    }
  }

  private static func readAgent(_ reader: inout SettingsReader, into agent: inout Agent) throws(SettingsError) {
    if let command = try reader.strings("command") {
      guard let program = command.first, !program.isEmpty else {
        throw SettingsError(key: reader.key("command"), reason: "a program is expected, as in [\"claude\", \"--flag\"]")
      }
      agent.command = command
      // Those of another program.
      agent.resume = []
    }
    agent.resume = try reader.strings("resume") ?? agent.resume
    agent.begin = try reader.string("begin") ?? agent.begin
    agent.memoryMax = try reader.size("memory_max") ?? agent.memoryMax
    agent.tasksMax = try reader.integer("tasks_max", in: 1...1_000_000) ?? agent.tasksMax
  }

  /// Some of these are for rules that other parts of the file's readers use; every key of the
  /// interface is accepted and checked.
  private mutating func readChecks(_ reader: inout SettingsReader) throws(SettingsError) {
    policy.stale = try reader.duration("stale", atLeast: .seconds(1)) ?? policy.stale
    policy.gupp = try reader.duration("gupp", atLeast: .seconds(1)) ?? policy.gupp
    policy.spawning = try reader.duration("spawning", atLeast: .zero) ?? policy.spawning
    policy.spawnPrune = try reader.duration("spawn_prune", atLeast: .seconds(1)) ?? policy.spawnPrune
    policy.lifecycleAge = try reader.duration("lifecycle_age", atLeast: .seconds(1)) ?? policy.lifecycleAge
    policy.ready = try reader.duration("ready", atLeast: .seconds(1)) ?? policy.ready
    policy.massShare = try reader.number("mass_share", in: 0...1) ?? policy.massShare
    policy.massWindow = try reader.duration("mass_window", atLeast: .milliseconds(1)) ?? policy.massWindow
    policy.diskFree = try reader.size("disk_free") ?? policy.diskFree
    policy.memoryPressure = try reader.number("memory_pressure", in: 0...100) ?? policy.memoryPressure
  }

  private mutating func readRestart(_ reader: inout SettingsReader) throws(SettingsError) {
    policy.restart.initial = try reader.duration("initial", atLeast: .milliseconds(1)) ?? policy.restart.initial
    policy.restart.max = try reader.duration("max", atLeast: .milliseconds(1)) ?? policy.restart.max
    policy.restart.loopCount = Int(try reader.integer("loop_count", in: 1...1_000) ?? Int64(policy.restart.loopCount))
    policy.restart.loopWindow = try reader.duration("loop_window", atLeast: .seconds(1)) ?? policy.restart.loopWindow
    policy.restart.probe = try reader.duration("probe", atLeast: .seconds(1)) ?? policy.restart.probe
    policy.restart.stable = try reader.duration("stable", atLeast: .seconds(1)) ?? policy.restart.stable
    policy.restart.perMinute = Int(
      try reader.integer("per_minute", in: 1...100_000) ?? Int64(policy.restart.perMinute))
    policy.restart.stagger = try reader.duration("stagger", atLeast: .zero) ?? policy.restart.stagger
    if policy.restart.initial > policy.restart.max {
      throw SettingsError(key: "restart.initial", reason: "it is longer than restart.max (\(policy.restart.max))")
    }
  }
}
