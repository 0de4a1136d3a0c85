// SPDX-License-Identifier: Apache-2.0

import Beads
import Commands
import Testing
import Town

/// Every operation of the store, call by call: exactly these words, in this directory, with this environment and
/// nothing else, answered as the real `bd` answered; with its helper process and without.
@Suite("The contract with bd", .timeLimit(.minutes(3)))
struct ContractTests {
  private let toast = "gt-rig01-polecat-Toast"
  private let agents = ["list", "--type=agent", "--all", "--limit=0", "--json"]

  /// What is asked before a bead of a certain id is created, where there is none.
  private func look(for id: String, _ mode: BdMode) throws -> [ScriptedBd.Call] {
    let missing = try mode.recording("14-show-missing").replacing("gt-rig01-polecat-Nobody", with: id)
    return [
      try .recorded(agents, mode.recording("05-list-agents-0")), .derived(["show", id, "--json"], missing),
    ]
  }

  @Test("reading the agents is one list", arguments: BdMode.allCases)
  func agents(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    for (name, ids) in [
      ("05-list-agents-0", []), ("12-list-agents-1", [toast]),
      ("26-list-agents-3", ["gt-rig01-witness", "gt-deacon", toast]),
      ("64-list-agents-one-closed", ["gt-rig01-witness", "gt-deacon", toast]),
      ("73-list-agents-with-slots", ["gt-rig01-witness", "gt-deacon", toast]),
    ] {
      try bd.expect([.recorded(["list", "--type=agent", "--all", "--limit=0", "--json"], mode.recording(name))])
      let listing = try await store.agents()
      #expect(listing.failures.isEmpty)
      #expect(listing.beads.map(\.id) == ids, "\(name)")
      // What is not in the list is known not to be there.
      #expect(listing.bead("gt-mayor") == .known(nil))
      if name.hasPrefix("64") { #expect(listing.beads.map(\.status) == [.closed, .open, .open]) }
    }
    try bd.verify()
  }

  @Test("reading beads is one show, and one for each only where the helper fails it whole", arguments: BdMode.allCases)
  func beads(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    try bd.expect([.recorded(["show", toast, "--json"], mode.recording("13-show-agent"))])
    #expect(try await store.beads([toast])[toast]?.value??.agentState == .spawning)

    let nobody = "gt-rig01-polecat-Nobody"
    try bd.expect([.recorded(["show", nobody, "--json"], mode.recording("14-show-missing"))])
    #expect(try await store.beads([nobody]) == [nobody: .known(nil)])

    let both = try ScriptedBd.Call.recorded(
      ["show", "gt-nope", toast, "--json"], mode.recording("16-show-two-one-missing"))
    if mode == .direct {
      try bd.expect([both])
    } else {
      try bd.expect(
        [both],
        [.recorded(["show", toast, "--json"], mode.recording("13-show-agent"))])
    }
    let answers = try await store.beads([toast, "gt-nope"])
    #expect(answers["gt-nope"] == .known(nil))
    #expect(answers[toast]?.value??.id == toast)

    for name in ["15-show-non-agent", "19-show-hooked", "65-show-closed-agent", "72-show-agent-with-state"] {
      let recording = try mode.recording(name)
      let id = recording.words[2]
      try bd.expect([.recorded(["show", id, "--json"], recording)])
      #expect(try await store.beads([id])[id]?.value??.id == id, "\(name)")
    }
    try bd.verify()
  }

  @Test("an id that bd completes to another's is nobody's, and is not written to", arguments: BdMode.allCases)
  func partialIDs(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let names =
      mode == .direct
      ? [
        "02-direct-show-prefix-of-one", "03-direct-show-prefix-matching-exactly-one",
        "04-direct-show-prefix-matching-two", "05-direct-show-missing-deacon-when-deacon-role-exists",
        "06-direct-show-missing-refinery", "07-direct-show-missing-mayor",
      ]
      : [
        "09-daemon-show-prefix-of-one", "10-daemon-show-prefix-matching-exactly-one",
        "11-daemon-show-prefix-matching-two", "12-daemon-show-missing-deacon-when-deacon-role-exists",
        "13-daemon-show-missing-refinery", "14-daemon-show-missing-mayor",
      ]
    for name in names {
      let recording = try Recording.named("partial-ids/\(name)")
      let id = recording.words[2]
      let call = try ScriptedBd.Call.recorded(["show", id, "--json"], recording)
      try bd.expect([call])
      #expect(try await store.beads([id]) == [id: .known(nil)], "\(name)")
      try bd.expect([call])
      #expect(await BeadStoreError.code { _ = try await store.setAgent(id, state: .dead, hook: nil) } == .notFound)
      try bd.expect([call])
      #expect(await BeadStoreError.code { _ = try await store.update(id, BeadChange(status: .hooked)) } == .notFound)
      try bd.expect([call])
      #expect(await BeadStoreError.code { _ = try await store.close(id, reason: "") } == .notFound)
    }
    // Its own whole id is another matter.
    let whole = try Recording.named(
      "partial-ids/\(mode == .direct ? "01-direct" : "08-daemon")-show-shorter-id-unique")
    try bd.expect([.recorded(["show", whole.words[2], "--json"], whole)])
    #expect(try await store.beads([whole.words[2]])[whole.words[2]]?.value??.hookBead == "gt-2eh")
    // Without its prefix bd finds it, and it is not the one that was asked for.
    let bare = try mode.recording("76-partial-id")
    try bd.expect([.recorded(["show", "rig01-polecat-Toast", "--json"], bare)])
    #expect(try await store.beads(["rig01-polecat-Toast"]) == ["rig01-polecat-Toast": .known(nil)])
    try bd.verify()
  }

  @Test("a mailbox is two lists, side by side", arguments: BdMode.allCases)
  func messages(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let assigned = ["list", "--type=message", "--assignee=deacon/", "--status=open", "--limit=0", "--json"]
    let copied = ["list", "--type=message", "--label=cc:deacon/", "--status=open", "--limit=0", "--json"]
    for (first, second, subjects) in [
      ("33-list-deacon-messages-0", "34-list-deacon-cc-0", []),
      (
        "39-list-deacon-messages-3", "40-list-deacon-cc-1",
        ["POLECAT_STARTED rig01/Toast", "LIFECYCLE: rig01/Toast requesting cycle", "cc to the deacon", "no body"]
      ),
      (
        "47-list-deacon-after-close", "40-list-deacon-cc-1",
        ["POLECAT_STARTED rig01/Toast", "cc to the deacon", "no body"]
      ),
    ] {
      try bd.expect([.recorded(assigned, mode.recording(first)), .recorded(copied, mode.recording(second))])
      #expect(try await store.messages(for: "deacon/").map(\.title) == subjects, "\(first)")
    }
    // Without the copies it is one.
    try bd.expect([.recorded(assigned, mode.recording("39-list-deacon-messages-3"))])
    #expect(try await store.messages(for: "deacon/", copies: false).count == 3)
    try bd.verify()
  }

  @Test("a new bead is created and read back; what bd only pretends to store is refused", arguments: BdMode.allCases)
  func create(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let task = try mode.recording("15-show-non-agent")
    let text = "line one\nline two\ttab, ünïcode, 🚀"
    try bd.expect(
      [
        .recorded(
          [
            "create", "--json", "--type=task", #"--title=Fix the <widget> & "friends""#, "--description=\(text)",
            "--priority=2",
          ], mode.recording("06-create-task"))
      ], [.recorded(["show", task.words[2], "--json"], task)])
    let stored = try await store.create(
      BeadDraft(type: "task", title: #"Fix the <widget> & "friends""#, description: text))
    #expect(stored.id == task.words[2] && stored.description == text)

    let fields = AgentFields(
      title: toast, role: .polecat, rig: "rig01", state: .spawning, hookBead: nil
    ).description
    func words(title: String, _ description: String) -> [String] {
      [
        "create", "--json", "--id=\(toast)", "--type=agent", "--title=\(title)", "--description=\(description)",
        "--priority=2",
      ]
    }
    let shown = try ScriptedBd.Call.recorded(["show", toast, "--json"], mode.recording("13-show-agent"))
    try bd.expect(
      look(for: toast, mode), [.recorded(words(title: toast, fields), mode.recording("07-create-agent"))], [shown])
    let agent = try await store.create(BeadDraft(id: toast, type: "agent", title: toast, description: fields))
    #expect(agent.agentState == .spawning && agent.hookBead == nil)

    // bd would print the second, and keep the first or lose it: it is not asked to store one.
    try bd.expect([.recorded(agents, mode.recording("12-list-agents-1")), shown])
    let again = await BeadStoreError.code {
      _ = try await store.create(BeadDraft(id: toast, type: "agent", title: "DUPLICATE", description: "duplicate"))
    }
    #expect(again == .refused)
    try bd.verify()
  }

  @Test("an agent's id that bd does not take is refused; one of another prefix is forced", arguments: BdMode.allCases)
  func refusedIDs(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    func words(_ id: String) -> [String] {
      ["create", "--json", "--id=\(id)", "--type=agent", "--title=x", "--description=x", "--priority=2"]
    }
    func refusal(_ id: String) async -> BeadStoreError? {
      do {
        _ = try await store.create(BeadDraft(id: id, type: "agent", title: "x", description: "x"))
        return nil
      } catch {
        return error as? BeadStoreError
      }
    }
    let legacy = "gt-polecat-rig01-Toast"
    try bd.expect(look(for: legacy, mode), [.recorded(words(legacy), mode.recording("09-create-agent-legacy-id"))])
    let first = await refusal(legacy)
    #expect(first?.code == .refused && first?.message.contains("invalid agent ID") == true)
    #expect(first?.attempt == "creating \(legacy) in \(bd.town.path(".beads"))")

    let other = try ScriptedBd.Call.recorded(words("hq-mayor"), mode.recording("10-create-agent-wrong-prefix"))
    if mode == .direct {
      try bd.expect(
        look(for: "hq-mayor", mode), [other],
        [.derived(words("hq-mayor") + ["--force"], mode.recording("09-create-agent-legacy-id"))])
    } else {
      try bd.expect(look(for: "hq-mayor", mode), [other])
    }
    #expect(await refusal("hq-mayor")?.code == .refused)
    try bd.verify()
  }

  @Test("a message is a bead like any other, in bd's words", arguments: BdMode.allCases)
  func message(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let shown = try mode.recording("41-show-message")
    let recorded = try mode.recording("36-create-message-permanent")
    let words = [
      "create", "--json", "--type=message", "--title=LIFECYCLE: rig01/Toast requesting cycle",
      #"--description={"action":"cycle"}"#, "--priority=0", "--assignee=deacon/",
      "--labels=from:rig01/polecats/Toast,thread:thread-0123456789ac,cc:mayor/,cc:rig01/witness",
      "--actor=rig01/polecats/Toast",
    ]
    // The original asks for no JSON. That alone is different.
    #expect(
      Command.meaning(of: words).subtracting(["--json"]) == Command.meaning(of: Array(recorded.words.dropFirst())))
    try bd.expect(
      [.derived(words, shown.asCreated())], [.recorded(["show", shown.words[2], "--json"], shown)])
    let draft = BeadDraft(
      type: "message", title: "LIFECYCLE: rig01/Toast requesting cycle", description: #"{"action":"cycle"}"#,
      assignee: "deacon/", priority: 0,
      labels: [
        "from:rig01/polecats/Toast", "thread:thread-0123456789ac", "cc:mayor/", "cc:rig01/witness",
      ], author: "rig01/polecats/Toast")
    let sent = MailMessage(bead: try await store.create(draft))
    #expect(sent.from == "rig01/Toast" && sent.cc == ["mayor/", "rig01/witness"] && sent.priority == .urgent)

    var shortLived = draft
    shortLived.isEphemeral = true
    try bd.expect(
      [.derived(words + ["--ephemeral"], shown.asCreated())], [.recorded(["show", sent.id, "--json"], shown)])
    #expect(try await store.create(shortLived).id == sent.id)
    try bd.verify()
  }

  @Test("a change is a show, an update of what is named, and a show", arguments: BdMode.allCases)
  func update(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let (before, after) = (try mode.recording("15-show-non-agent"), try mode.recording("19-show-hooked"))
    let id = before.words[2]
    try bd.expect(
      [.recorded(["show", id, "--json"], before)],
      [
        .recorded(
          ["update", id, "--status=hooked", "--assignee=rig01/polecats/Toast"], mode.recording("17-update-hooked"))
      ], [.recorded(["show", id, "--json"], after)])
    let hooked = try await store.update(id, BeadChange(status: .hooked, assignee: "rig01/polecats/Toast"))
    #expect(hooked.status == .hooked && hooked.assignee == "rig01/polecats/Toast")

    // bd exits 0 over what it does not do: what is read back decides, and bd's words are the reason.
    try bd.expect(
      [.recorded(["show", id, "--json"], before)],
      [
        .derived(
          ["update", id, "--status=hooked"],
          mode.recording("22-update-status-bogus").replacing("bogus", with: "hooked"))
      ], [.recorded(["show", id, "--json"], before)])
    do {
      _ = try await store.update(id, BeadChange(status: .hooked))
      Issue.record("an update that bd did not do was taken for done")
    } catch let error as BeadStoreError {
      #expect(error.code == .refused)
      #expect(error.attempt == "changing '\(id)' in \(bd.town.path(".beads"))")
      #expect(error.message.contains("invalid status: hooked"))
    }
    try bd.verify()
  }

  @Test("an agent's fields are set in the description that is there", arguments: BdMode.allCases)
  func setAgent(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let before = try ScriptedBd.Call.recorded(["show", toast, "--json"], mode.recording("13-show-agent"))
    let after = try ScriptedBd.Call.recorded(["show", toast, "--json"], mode.recording("69-show-agent-with-slots"))
    let recorded = try mode.recording("23-update-agent-state")
    let hook = try #require(recorded.words.last?.firstMatch(of: /hook_bead: (gt-\w+)/)?.1)
    // Word by word as it was recorded.
    try bd.expect([before], [.recorded(Array(recorded.words.dropFirst()), recorded)], [after])
    let working = try await store.setAgent(toast, state: .working, hook: .bead(String(hook)))
    #expect(working.agentState == .working && working.hookBead == String(hook))
    // What it says already is not written.
    try bd.expect([after])
    #expect(try await store.setAgent(toast, state: .working, hook: nil) == working)
    try bd.verify()
  }

  @Test("closing is a show, a close and a show; what is over is left alone", arguments: BdMode.allCases)
  func close(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let (open, closed) = (try mode.recording("41-show-message"), try mode.recording("46-show-closed-message"))
    let id = open.words[2]
    try bd.expect(
      [.recorded(["show", id, "--json"], open)], [.recorded(["close", id], mode.recording("43-close-message"))],
      [.recorded(["show", id, "--json"], closed)])
    #expect(try await store.close(id, reason: "").status == .closed)
    try bd.expect(
      [.recorded(["show", id, "--json"], open)],
      [.derived(["close", id, "--reason=read by\u{FFFD}ada"], mode.recording("43-close-message"))],
      [.recorded(["show", id, "--json"], closed)])
    #expect(try await store.close(id, reason: "read by\nada").status == .closed)
    try bd.expect([.recorded(["show", id, "--json"], closed)])
    #expect(try await store.close(id, reason: "again").status == .closed)
    try bd.verify()
  }

  @Test("a deleted bead is known as one, and is over", arguments: BdMode.allCases)
  func tombstone(_ mode: BdMode) async throws {
    let bd = try ScriptedBd(mailTown())
    let store = bd.store()
    let grave = try ScriptedBd.Call.recorded(["show", toast, "--json"], mode.recording("79-show-deleted"))
    try bd.expect([grave])
    let bead = try #require(try await store.beads([toast])[toast]?.value ?? nil)
    #expect(bead.status == .tombstone && bead.status.isOver)
    #expect(WorkRule.hook("gt-x", reading: .known(bead)) != .run(hook: "gt-x"), "it keeps nobody at work")
    try bd.expect([grave])
    #expect(try await store.close(toast, reason: "").status == .tombstone)
    // A list leaves it out: there, it is not.
    try bd.expect([
      .recorded(["list", "--type=agent", "--all", "--limit=0", "--json"], mode.recording("05-list-agents-0"))
    ])
    #expect(try await store.agents().bead(toast) == .known(nil))
    try bd.verify()
  }

  @Test("a call that is not as it is to be is shown beside the one that is")
  func strictness() async throws {
    for (arguments, place) in [
      (["list", "--json"], "."), (["list", "--type=agent", "--all", "--limit=0", "--json"], "rig01/mayor/rig"),
    ] {
      let bd = try ScriptedBd(mailTown())
      try bd.expect([.derived(arguments, BdMode.direct.recording("05-list-agents-0"), in: place)])
      #expect(try await bd.store().agents().failures.count == 1)
      let mismatch = try bd.town.text("bin/bd.mismatch")
      #expect(mismatch.contains("EXPECTED bd \(arguments.map { "\"\($0)\"" }.joined(separator: " "))\n"))
      #expect(
        mismatch.contains(
          "GOT      bd \"list\" \"--type=agent\" \"--all\" \"--limit=0\" \"--json\"\n  in \(bd.town.root), with\n"))
      #expect(mismatch.contains("BEADS_NO_DAEMON=\"1\"") && !mismatch.contains("NOTIFY_SOCKET"))
    }
  }

  private func mailTown() throws -> BeadsTown {
    let town = try BeadsTown()
    try town.makeDirectory(".beads")
    return town
  }
}
