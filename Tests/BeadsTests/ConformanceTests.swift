// SPDX-License-Identifier: Apache-2.0

import Beads
import Testing
import Town

/// What every bead store does, run against each of them.
@Suite("Every bead store")
struct ConformanceTests {
  private let toast = AgentIdentity.polecat(rig: "my-rig", name: "toast")

  @Test("is empty at first", arguments: StoreKind.allCases)
  func empty(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let listing = try await store.agents()
    #expect(listing.beads == [])
    #expect(listing.failures.isEmpty)
    #expect(listing.bead("gt-deacon") == .known(nil))
    #expect(try await store.messages(for: "deacon/") == [])
    #expect(try await store.beads([]) == [:])
    #expect(try await store.beads(["gt-deacon", "gt-x1"]) == ["gt-deacon": .known(nil), "gt-x1": .known(nil)])
    #expect(await BeadStoreError.code { _ = try await store.close("gt-x1", reason: "") } == .notFound)
    #expect(await BeadStoreError.code { _ = try await store.update("gt-x1", BeadChange(status: .hooked)) } == .notFound)
    #expect(await BeadStoreError.code { _ = try await store.setAgent("gt-x1", state: .done, hook: nil) } == .notFound)
    // No reading, and no refused change, makes a file.
    #expect(!town.exists("daemon/beads.sqlite"))
  }

  @Test("keeps agents, and finds them again", arguments: StoreKind.allCases)
  func agents(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let identities: [AgentIdentity] = [
      .mayor, .deacon, .witness(rig: "my-rig"), .refinery(rig: "my-rig"), .crew(rig: "my-rig", name: "ann"), toast,
    ]
    for identity in identities { _ = try await store.createAgent(identity, state: .running) }
    let listing = try await store.agents()
    #expect(Set(listing.beads.map(\.id)) == Set(identities.map(\.bead)))
    #expect(listing.beads.count == identities.count)
    for bead in listing.beads {
      #expect(bead.type == "agent")
      #expect(bead.agentState == .running)
      #expect(bead.hookBead == nil)
      #expect(bead.status == .open)
      #expect(listing.bead(bead.id) == .known(bead))
    }
    let fresh = try await store.beads(identities.map(\.bead) + ["gt-nobody"])
    #expect(fresh.count == identities.count + 1)
    #expect(fresh["gt-nobody"] == .known(nil))
    for identity in identities { #expect(fresh[identity.bead]?.value??.id == identity.bead) }
  }

  @Test("compares ids exactly", arguments: StoreKind.allCases)
  func exactIDs(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    _ = try await store.createAgent(.witness(rig: "rig01"))
    for id in ["gt-rig01-wit", "gt-rig01", "rig01-witness", "GT-RIG01-WITNESS"] {
      #expect(try await store.beads([id]) == [id: .known(nil)], "\(id)")
      #expect(await BeadStoreError.code { _ = try await store.close(id, reason: "") } == .notFound, "\(id)")
      #expect(
        await BeadStoreError.code { _ = try await store.update(id, BeadChange(description: "x")) } == .notFound, "\(id)"
      )
    }
    #expect(try await store.agents().beads.map(\.status) == [.open])
  }

  @Test("changes only what is named", arguments: StoreKind.allCases)
  func update(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let task = try await store.create(BeadDraft(type: "task", title: "Fix it", description: "all of it"))
    let hooked = try await store.update(task.id, BeadChange(status: .hooked, assignee: "my-rig/polecats/toast"))
    #expect(hooked.status == .hooked)
    #expect(hooked.assignee == "my-rig/polecats/toast")
    #expect(hooked.description == "all of it")
    #expect(hooked.title == "Fix it")
    #expect(hooked.createdAt == task.createdAt)
    #expect(hooked.updatedAt > task.updatedAt || kind.keepsSeconds && hooked.updatedAt == task.updatedAt)
    let freed = try await store.update(task.id, BeadChange(description: "", assignee: ""))
    #expect(freed.assignee == "")
    #expect(freed.description == "")
    #expect(freed.status == .hooked)
    #expect(try await store.update(task.id, BeadChange()) == freed)
    #expect(try await store.beads([task.id]) == [task.id: .known(freed)])
  }

  @Test("refuses what is no status, and changes nothing", arguments: StoreKind.allCases)
  func badStatus(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let task = try await store.create(BeadDraft(type: "task", title: "t", description: "d"))
    for status in ["bogus", "", "tombstone"] {
      let change = BeadChange(description: "changed", status: Bead.Status(rawValue: status))
      #expect(await BeadStoreError.code { _ = try await store.update(task.id, change) } == .refused)
    }
    #expect(try await store.beads([task.id]) == [task.id: .known(task)])
  }

  @Test("sets an agent's fields and keeps every other line", arguments: StoreKind.allCases)
  func setAgent(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let description =
      "The title: a line of its own\n\nRig: my-rig\nAgent_State:  spawning \nnote: hook_bead\n\n  indented\n"
    let id = toast.bead
    _ = try await store.create(BeadDraft(id: id, type: "agent", title: "t", description: description))
    let working = try await store.setAgent(id, state: .working, hook: .bead("gt-x1"))
    #expect(
      working.description
        == "The title: a line of its own\n\nRig: my-rig\nagent_state: working\nnote: hook_bead\n\n  indented\n\n"
        + "hook_bead: gt-x1"
    )
    #expect(working.hookBead == "gt-x1")
    let emptied = try await store.setAgent(id, state: nil, hook: .empty)
    #expect(emptied.agentState == .working)
    #expect(emptied.hookBead == nil)
    #expect(emptied.description == working.description.replacing("gt-x1", with: "null"))
    // Nothing to change is no write: a write would make the bead look younger.
    #expect(try await store.setAgent(id, state: .working, hook: .empty).updatedAt == emptied.updatedAt)
    #expect(try await store.setAgent(id, state: nil, hook: nil) == emptied)
  }

  @Test("refuses fields that would become other lines", arguments: StoreKind.allCases)
  func badFields(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    _ = try await store.createAgent(toast)
    for state in ["", "two words", "done\nhook_bead: gt-evil"] {
      let state = AgentState(rawValue: state)
      #expect(
        await BeadStoreError.code { _ = try await store.setAgent(toast.bead, state: state, hook: nil) } == .refused)
    }
    for hook in ["", "-x", "a b", "a\nagent_state: dead", "$(reboot)"] {
      #expect(
        await BeadStoreError.code { _ = try await store.setAgent(toast.bead, state: nil, hook: .bead(hook)) }
          == .refused)
    }
    let task = try await store.create(BeadDraft(type: "task", title: "t", description: "d"))
    #expect(await BeadStoreError.code { _ = try await store.setAgent(task.id, state: .done, hook: nil) } == .refused)
  }

  @Test("refuses a second bead of one id, and keeps the first", arguments: StoreKind.allCases)
  func duplicates(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let first = try await store.createAgent(toast, state: .working, hook: "gt-x1")
    #expect(await BeadStoreError.code { _ = try await store.createAgent(toast) } == .refused)
    let draft = BeadDraft(id: toast.bead, type: "agent", title: "DUPLICATE", description: "duplicate")
    #expect(await BeadStoreError.code { _ = try await store.create(draft) } == .refused)
    #expect(try await store.beads([toast.bead]) == [toast.bead: .known(first)])
  }

  @Test("closes once, and says so again", arguments: StoreKind.allCases)
  func close(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let task = try await store.create(BeadDraft(type: "task", title: "t", description: "d"))
    let closed = try await store.close(task.id, reason: "-done: \u{1B}[31m really")
    #expect(closed.status == .closed)
    #expect(closed.updatedAt > task.updatedAt || kind.keepsSeconds && closed.updatedAt == task.updatedAt)
    #expect(try await store.close(task.id, reason: "again") == closed)
    #expect(try await store.beads([task.id]) == [task.id: .known(closed)])
  }

  @Test("lists a retired agent as closed, and takes it back", arguments: StoreKind.allCases)
  func retire(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    _ = try await store.createAgent(toast, state: .working, hook: "gt-x1")
    _ = try await store.retireAgent(toast.bead, reason: "removed")
    #expect(try await store.agents().beads.map(\.status) == [.closed])
    let back = try await store.createAgent(toast)
    #expect(back.status == .open)
    #expect(back.agentState == .idle)
    #expect(back.hookBead == nil)
  }

  @Test("keeps any text as it is", arguments: StoreKind.allCases)
  func text(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let texts = [
      "-", "--json", "-rf /", "'; DROP TABLE beads; --", "$(touch x) `id` \\ \"q\" 'q' <&> %s",
      "\u{1}\u{1B}[2J\u{7F}\u{85}",
      "🚀 ünïcode \u{2028}\u{202E}", " leading and trailing \n\n", "a\r\nb\tc",
      String(repeating: "long ", count: 20_000),
    ]
    for text in texts {
      let title = String(text.prefix(60))
      let stored = try await store.create(BeadDraft(type: "task", title: title, description: text))
      #expect(stored.title == title)
      #expect(stored.description == text)
      let changed = try await store.update(stored.id, BeadChange(description: text + "!"))
      #expect(changed.description == text + "!")
    }
  }

  @Test("refuses what it could not keep", arguments: StoreKind.allCases)
  func refusals(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    var drafts = [
      BeadDraft(type: "task", title: ""), BeadDraft(type: "task", title: String(repeating: "x", count: 501)),
      BeadDraft(type: "", title: "t"), BeadDraft(type: "--x", title: "t", priority: 9),
      BeadDraft(type: "task", title: "a\0b"),
      BeadDraft(type: "task", title: "t", description: "\0"), BeadDraft(type: "task", title: "t", priority: 5),
      BeadDraft(type: "task", title: "t", labels: ["a,b"]), BeadDraft(type: "task", title: "t", assignee: "a b"),
    ]
    drafts += ["", "-x", "gt x", "gt-x;y", "../x", "gt-ü"].map { BeadDraft(id: $0, type: "task", title: "t") }
    for draft in drafts {
      #expect(await BeadStoreError.code { _ = try await store.create(draft) } == .refused, "\(draft)")
    }
    // Such an id is that of no bead, whoever wrote it on a hook.
    #expect(
      try await store.beads(["-x", "fix the door", ""]) == [
        "-x": .known(nil), "fix the door": .known(nil), "": .known(nil),
      ])
    #expect(await BeadStoreError.code { _ = try await store.messages(for: "a,b") } == .refused)
    #expect(!town.exists("daemon/beads.sqlite"))
    #expect(town.calls() == [])
  }

  @Test("gives each new bead an id of its own", arguments: StoreKind.allCases)
  func ids(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let ids = try await withThrowingTaskGroup(of: String.self) { group in
      for number in 0..<12 {
        group.addTask { try await store.create(BeadDraft(type: "task", title: "t\(number)", description: "d")).id }
      }
      return try await group.reduce(into: Set<String>()) { $0.insert($1) }
    }
    #expect(ids.count == 12)
    for id in ids { #expect(id.wholeMatch(of: /g[tm]-[0-9a-z]{3,6}/) != nil, "\(id)") }
    #expect(try await store.beads(Array(ids)).values.allSatisfy { $0.value??.type == "task" })
  }

  @Test("keeps a mailbox: what is assigned and what is copied, oldest first", arguments: StoreKind.allCases)
  func mailbox(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    func send(_ title: String, to assignee: String, priority: Int = 2, labels: [String] = []) async throws -> Bead {
      try await store.create(
        BeadDraft(
          type: "message", title: title, description: "b", assignee: assignee, priority: priority, labels: labels,
          isEphemeral: true, author: "overseer"))
    }
    let first = try await send("first", to: "deacon/", priority: 3, labels: ["thread:t", "from:overseer"])
    let second = try await send("second", to: "mayor/", labels: ["cc:deacon/", "cc:overseer"])
    let both = try await send("both", to: "deacon/", priority: 0, labels: ["cc:deacon/"])
    _ = try await send("other", to: "deacon", labels: ["cc:deacon"])
    _ = try await store.create(BeadDraft(type: "task", title: "no mail", description: "d", assignee: "deacon/"))
    let gone = try await send("gone", to: "deacon/")
    _ = try await store.close(gone.id, reason: "read")
    let inbox = try await store.messages(for: "deacon/")
    // Messages of one second have no order among each other.
    let order = kind.keepsSeconds ? inbox.sorted { $0.title > $1.title } : inbox
    #expect(order == (kind.keepsSeconds ? [second, first, both] : [first, second, both]))
    let oldest = inbox.first { $0.id == first.id }
    #expect(oldest?.labels == ["from:overseer", "thread:t"])
    #expect(oldest?.isEphemeral == true)
    #expect(oldest?.priority == 3)
    #expect(try await store.messages(for: "overseer") == [second])
    #expect(try await store.messages(for: "my-rig/witness") == [])
  }

  @Test("does not lose the changes of one agent to those of another", arguments: StoreKind.allCases)
  func parallel(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let store = try kind.make(in: town)
    let identities = (0..<8).map { AgentIdentity.polecat(rig: "r", name: "p\($0)") }
    try await withThrowingTaskGroup(of: Void.self) { group in
      for identity in identities {
        group.addTask {
          _ = try await store.createAgent(identity)
          _ = try await store.setAgent(identity.bead, state: .working, hook: .bead("gt-\(identity.name ?? "")"))
        }
      }
      try await group.waitForAll()
    }
    let listing = try await store.agents()
    for identity in identities {
      #expect(listing.bead(identity.bead).value??.hookBead == "gt-\(identity.name ?? "")")
    }
  }
}
