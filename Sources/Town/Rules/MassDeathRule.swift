// SPDX-License-Identifier: Apache-2.0

/// Many deaths at one time have one reason, and are one event named by it. Each keeps its own entry in the
/// journal; the alerts become one for a rig, and those who come back do so one after the other.
enum MassDeathRule {
  /// - Parameter lived: how many lived when they were last looked at.
  static func judge(_ snapshot: TownSnapshot, lived: Int, policy: Policy, plan: inout Plan) {
    let time = snapshot.time
    let deaths = plan.events.filter { $0.kind == .crashDetected && $0.agent != nil }
    var late: [Notice] = []
    if let due = plan.ledger.massDeath?.due, due <= time { late = plan.ledger.massDeath?.takeUntold() ?? [] }
    if let mass = plan.ledger.massDeath, mass.end <= time { plan.ledger.massDeath = nil }
    defer {
      let notices = plan.notices
      plan.notices = []
      for notice in notices { plan.tell(notice) }
      plan.notices += Notice.late(late)
      if let mass = plan.ledger.massDeath { plan.look(at: mass.due ?? mass.end) }
    }
    guard !deaths.isEmpty else { return }
    // Whoever dies again and again is still one.
    plan.ledger.deaths = plan.ledger.deaths.filter { time - $0.value < policy.massWindow }
    let now = Set(deaths.compactMap { $0.agent?.session })
    let before = Set(plan.ledger.deaths.keys).subtracting(now).count
    for session in now { plan.ledger.deaths[session] = time }
    if plan.ledger.massDeath != nil {
      plan.ledger.massDeath?.last = time
      plan.ledger.massDeath?.count += deaths.count
    } else {
      let total = before + deaths.count
      let isServers = deaths.contains { $0.cause == .serverGone }
      guard isServers || total >= limit(of: before + lived, policy: policy) else { return }
      begin(MassDeath(since: time, cause: cause(of: deaths, plan: plan), count: total), plan: &plan)
    }
    tellRigs(of: deaths, plan: &plan)
  }

  /// How many deaths are a mass death.
  static func limit(of agents: Int, policy: Policy) -> Int {
    max(3, Int((policy.massShare * Double(agents)).rounded(.up)))
  }

  private static func begin(_ mass: MassDeath, plan: inout Plan) {
    plan.ledger.massDeath = mass
    // When they died is not always known: those who did while no daemon ran are found together.
    let who = mass.count == 1 ? "1 agent was found dead" : "\(mass.count) agents were found dead at once"
    plan.events.append(
      TownEvent(
        .massDeath, message: "\(who): \(mass.cause); those with work to do are started again, one after the other",
        reason: mass.cause))
  }

  /// One message for each rig, and one for the town's own agents.
  private static func tellRigs(of deaths: [TownEvent], plan: inout Plan) {
    guard let mass = plan.ledger.massDeath else { return }
    let rigs = Dictionary(grouping: deaths.compactMap(\.agent), by: \.rig)
    for (rig, agents) in rigs.sorted(by: { ($0.key ?? "") < ($1.key ?? "") }) where !mass.told.contains(key(rig)) {
      guard let notice = Notice.massDeath(agents, cause: mass.cause, total: mass.count) else { continue }
      plan.ledger.massDeath?.told.insert(key(rig))
      for agent in agents where WorkRule.rule(for: agent) == .observed {
        plan.ledger.massDeath?.told.insert(diedKey(agent))
      }
      plan.notices.append(notice)
    }
  }

  private static func key(_ rig: String?) -> String { "\(Notice.massDeathKey) \(rig ?? "")" }

  /// Of one whose death the message for its rig tells.
  fileprivate static func diedKey(_ agent: AgentIdentity) -> String { "\(Notice.diedKey) \(agent.session)" }

  private static func cause(of deaths: [TownEvent], plan: Plan) -> String {
    let groups = Dictionary(grouping: deaths) { $0.cause }.sorted {
      ($1.value.count, "\($0.key, default: "")") < ($0.value.count, "\($1.key, default: "")")
    }
    guard let (cause, most) = groups.first else { return "of an unknown cause" }
    let words: String
    if cause == .serverGone {
      let server = most.compactMap(\.agent).map { plan.ledger[$0] }.compactMap {
        ($0.death?.life?.server ?? $0.grave?.server)?.pid
      }.first
      words = "their tmux server\(server.map { " (pid \($0))" } ?? "") is gone"
    } else if cause == .sessionGone {
      words = "their sessions were removed or renamed, or their panes moved"
    } else {
      words = cause?.description ?? "of an unknown cause"
    }
    return most.count == deaths.count ? words : "\(words) (\(most.count) of \(deaths.count))"
  }
}

extension Plan {
  /// Has a message sent; while a mass death is under way only one of a kind for each rig.
  package mutating func tell(_ notice: Notice) {
    guard let mass = ledger.massDeath, notice.key != Notice.massDeathKey, notice.hook == nil else {
      return notices.append(notice)
    }
    // That it died is what the one message says. It does not say so of who dies later, or again.
    if notice.key == Notice.diedKey, ledger.massDeath?.told.remove(MassDeathRule.diedKey(notice.agent)) != nil {
      return
    }
    let (inserted, _) = ledger.massDeath?.told.insert("\(notice.key) \(notice.recipients)") ?? (true, "")
    guard inserted else {
      // A death that comes after the one message is told of with all others of its kind, when it has become quiet.
      if notice.key == Notice.diedKey { ledger.massDeath?.keep(notice) }
      return
    }
    var notice = notice
    notice.body +=
      "\n\nMany died at once (\(mass.cause)): there is no message for others in the same state. See: gt session check"
    notices.append(notice)
  }
}
