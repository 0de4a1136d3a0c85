// SPDX-License-Identifier: Apache-2.0

@testable import Beads
import Foundation
import Testing
import Town

@Suite("Mail")
struct MailTests {
  @Test("reads as the original's inbox shows it")
  func recorded() throws {
    let beads = try ["39-list-deacon-messages-3", "40-list-deacon-cc-1"].flatMap {
      try (BdOutput.beads(try Recording.named("direct/\($0)").outputBytes) ?? [])
    }
    let ours = beads.map(MailMessage.init(bead:)).sorted { $0.id < $1.id }
    let recording = try Recording.named("direct/42-gt-mail-inbox-deacon")
    let theirs = try JSONDecoder().decode([MailMessage].self, from: Data(recording.outputBytes)).sorted {
      $0.id < $1.id
    }
    #expect(ours == theirs)
    // And is printed with the same keys, none of them null.
    let encoder = JSONEncoder()
    let printed = try #require(try JSONSerialization.jsonObject(with: encoder.encode(ours)) as? [[String: Any]])
    let original = try #require(try JSONSerialization.jsonObject(with: Data(recording.outputBytes)) as? [[String: Any]])
    #expect(printed.map { Set($0.keys) } == original.sorted { "\($0["id"]!)" < "\($1["id"]!)" }.map { Set($0.keys) })
  }

  @Test("is sent, read and deleted", arguments: StoreKind.allCases)
  func life(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let mail = Mail(store: try kind.make(in: town))
    let body = "{\"action\":\"cycle\"}\n--\n-x $(id) 🚀\n"
    let sent = try await mail.send(
      from: "my-rig/polecats/toast", to: "deacon", subject: "LIFECYCLE: toast requesting cycle", body: body,
      priority: .urgent,
      copies: ["my-rig/crew/ann"], replyTo: "gt-abc")
    #expect(sent.from == "my-rig/toast")
    #expect(sent.to == "deacon/")
    #expect(sent.body == body)
    #expect(sent.priority == .urgent)
    #expect(sent.type == "notification")
    #expect(sent.threadID.wholeMatch(of: /thread-[0-9a-f]{12}/) != nil)
    #expect(sent.replyTo == "gt-abc")
    #expect(sent.cc == ["my-rig/ann"])
    #expect(!sent.read)
    #expect(try await mail.inbox("deacon/") == [sent])
    #expect(try await mail.inbox("deacon") == [sent])
    #expect(try await mail.inbox("my-rig/ann") == [sent])
    #expect(try await mail.message(sent.id) == sent)
    var read = try await mail.read(sent.id)
    #expect(read.read)
    read.read = false
    #expect(read == sent)
    #expect(try await mail.inbox("deacon/") == [])
    #expect(try await mail.read(sent.id).read)
    try await mail.delete(sent.id)
    #expect(await BeadStoreError.code { try await mail.delete("gt-nope") } == .notFound)
    #expect(await BeadStoreError.code { _ = try await mail.read("gt-nope") } == .notFound)
  }

  @Test("stays in the thread that it is said to belong to, if that can be kept", arguments: StoreKind.allCases)
  func threads(_ kind: StoreKind) async throws {
    let town = try BeadsTown()
    let mail = Mail(store: try kind.make(in: town))
    func thread(_ given: String?) async throws -> String {
      try await mail.send(from: "a", to: "b", subject: "s", body: "x", thread: given, replyTo: "gt-1").threadID
    }
    #expect(try await thread("thread-0123456789ab") == "thread-0123456789ab")
    for given in [nil, "", "two words", "a,cc:overseer", "\u{7}"] {
      #expect(try await thread(given).wholeMatch(of: /thread-[0-9a-f]{12}/) != nil)
    }
  }

  @Test("is short-lived unless it is to be kept, and the daily traffic always is")
  func ephemeral() async throws {
    let town = try BeadsTown()
    let store = try StoreKind.sqlite.make(in: town)
    let mail = Mail(store: store)
    for (subject, permanent, isEphemeral) in [
      ("GUPP_VIOLATION: x", false, true), ("report", true, false), ("POLECAT_STARTED r/t", true, true),
      ("nudge: x", true, true),
    ] {
      let sent = try await mail.send(from: "a", to: "b", subject: subject, body: "", permanent: permanent)
      #expect(try await store.beads([sent.id])[sent.id]?.value??.isEphemeral == isEphemeral, "\(subject)")
    }
  }

  @Test("touches messages alone")
  func onlyMessages() async throws {
    let town = try BeadsTown()
    let store = try StoreKind.sqlite.make(in: town)
    _ = try await store.createAgent(.deacon)
    #expect(await BeadStoreError.code { try await Mail(store: store).delete("gt-deacon") } == .notFound)
    #expect(try await store.agents().beads.map(\.status) == [.open])
  }

  @Test(
    "keeps addresses in one form",
    arguments: [
      ("mayor", "mayor/"), ("deacon/", "deacon/"), ("overseer", "overseer"), ("r/polecats/t", "r/t"),
      ("r/crew/a", "r/a"),
      ("r/witness", "r/witness"), ("rig01-polecat-Toast/", "rig01-polecat-Toast/"), ("a/b/c", "a/b/c"),
      ("r/crew/", "r/crew/"),
      ("", ""),
    ])
  func addresses(_ given: String, _ expected: String) {
    #expect(MailAddress.normalized(given) == expected)
  }

  @Test("names priorities as numbers and back")
  func priorities() {
    for priority in MailMessage.Priority.allCases { #expect(MailMessage.Priority(number: priority.number) == priority) }
    #expect(MailMessage.Priority(number: 4) == .low)
  }

  @Test("what can never be sent is told from what may be sent later")
  func objection() {
    func objection(to recipient: String, subject: String = "s", body: String = "b") -> String? {
      Mail.objection(from: "daemon", to: recipient, subject: subject, body: body)
    }
    #expect(objection(to: "rig/witness") == nil && objection(to: "mayor", body: "a\nb\t🚀") == nil)
    #expect(objection(to: "a rig/witness")?.contains("'a rig/witness' cannot be a name") == true)
    #expect(objection(to: "mayor", subject: String(repeating: "x", count: 501))?.contains("longer than 500") == true)
    #expect(objection(to: "mayor", subject: "") != nil && objection(to: "mayor", body: "\0") != nil)
  }
}
