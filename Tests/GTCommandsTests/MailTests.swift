// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import TestSupport
import Testing
import TownFiles

@Suite("gt mail")
struct MailCommandTests {
  @Test("A message goes out, is listed, read and deleted", arguments: MailTown.Store.allCases)
  func wholeLife(store: MailTown.Store) async throws {
    try await MailTown.with(store) { town in
      #expect(try await town.gt("mail", "inbox", "--json") == "[]\n")
      #expect(try await town.gt("mail", "inbox") == "Inbox: overseer (no messages)\n")
      let body = "one\n\ttwo 'quoted' $(id)\n\n\u{1B}[31mred\n"
      try await town.gt(
        "mail", "send", "verb-al-polecat-deep-fix/", "-s", "-f ä\u{1B}]0;x", "-m", body, "--priority", "urgent",
        "--cc", "overseer", "--cc", "mayor", "--cc", "mayor/", "--permanent")
      let message = try #require(try await town.inbox("verb-al/polecats/deep-fix").first)
      #expect(message.from == "overseer")
      #expect(message.to == "verb-al/deep-fix")
      #expect(message.subject == "-f ä\u{1B}]0;x")
      #expect(message.body == body)
      #expect(message.priority == "urgent")
      #expect(message.type == "notification")
      #expect(!message.read)
      #expect(message.thread_id.hasPrefix("thread-"))
      #expect(message.reply_to == nil)
      #expect(message.cc?.sorted() == ["mayor/", "overseer"])
      #expect(try await town.inbox("overseer/") == [message])
      #expect(try await town.inbox("mayor") == [message])

      let listing = try await town.gt("mail", "inbox", variables: MailTown.polecat)
      #expect(
        listing.hasPrefix(
          "Inbox: verb-al/deep-fix (1 message)\n\n  ● -f ä\u{FFFD}]0;x !!\n    \(message.id) from overseer\n"))

      let shown = try await town.gt("mail", "read", message.id)
      #expect(shown.hasPrefix("Subject:  -f ä\u{FFFD}]0;x\nFrom:     overseer\nTo:       verb-al/deep-fix\n"))
      #expect(shown.hasSuffix("\n\none\n\ttwo 'quoted' $(id)\n\n\u{FFFD}[31mred\n\n"))
      #expect(try await town.inbox("verb-al/deep-fix").isEmpty)
      #expect(try await town.gt("mail", "read", message.id, "--json").contains("\"read\" : true"))
      // Out of the inbox already, which is no error.
      try await town.gt("mail", "delete", message.id)

      try await town.gt("mail", "send", "overseer", "-s", "second", "-m", "", "--priority", "3")
      let second = try #require(try await town.inbox("overseer").first)
      #expect(second.priority == "low")
      #expect(second.body.isEmpty)
      #expect(second.cc == nil)
      #expect(try await town.gt("mail", "delete", second.id) == "\(second.id) is deleted.\n")
      #expect(try await town.gt("mail", "inbox", "--json") == "[]\n")
    }
  }

  @Test("Nothing that others have written acts on a terminal, as text or as JSON", arguments: MailTown.Store.allCases)
  func harmless(store: MailTown.Store) async throws {
    try await MailTown.with(store) { town in
      let hostile = "a\u{1B}]0;t\u{7}\u{9B}2J\u{202E}\u{1B}[31m"
      try await town.gt("mail", "send", "overseer", "-s", hostile, "-m", "\(hostile)\r\n\(hostile)")
      try await town.gt("agent", "set", "verb-al/deep-fix", "--state", "working", "--hook", "gt-x")
      let id = try #require(try await town.inbox("overseer").first).id
      #expect(try await town.inbox("overseer").first?.subject == hostile)
      for words in [
        ["mail", "inbox"], ["mail", "inbox", "--json"], ["mail", "read", id], ["mail", "read", id, "--json"],
        ["agent", "list"], ["agent", "show", "verb-al/deep-fix"], ["agent", "show", "verb-al/deep-fix", "--json"],
        ["session", "check"], ["session", "check", "--json"], ["polecat", "list"], ["why", "verb-al/deep-fix"],
        ["daemon", "explain"],
      ] {
        let result = try await town.run("gt", words)
        let printed = result.output + result.errors
        #expect(!printed.isEmpty)
        let controls = printed.unicodeScalars.filter {
          $0 != "\n" && $0 != "\t" && [.control, .format].contains($0.properties.generalCategory)
        }
        #expect(controls.isEmpty, "gt \(words): \(printed)")
      }
    }
  }

  @Test("The newest message comes first; a body is piped in whole", arguments: MailTown.Store.allCases)
  func order(store: MailTown.Store) async throws {
    try await MailTown.with(store) { town in
      let body = String(repeating: "a line; \"of\" text \\n\n", count: 4_000)
      try await town.gt("mail", "send", "deacon/", "-s", "first", "-m", "-", input: body)
      try await town.gt("mail", "send", "deacon", "-s", "LIFECYCLE: x", "-m", "{\"action\":\"cycle\"}", "--urgent")
      let inbox = try await town.inbox("deacon")
      #expect(inbox.map(\.subject) == ["LIFECYCLE: x", "first"])
      #expect(inbox.last?.body == body)
    }
  }

  @Test(
    "Who sends is who the environment says",
    arguments: [
      ([:], "overseer"), (["GT_ROLE": ""], "overseer"), (["GT_ROLE": "mayor"], "mayor/"),
      (["GT_ROLE": "deacon"], "deacon/"), (["GT_ROLE": "witness", "GT_RIG": "verb-al"], "verb-al/witness"),
      (["GT_ROLE": "refinery", "GT_RIG": "verb-al"], "verb-al/refinery"), (MailTown.polecat, "verb-al/deep-fix"),
      (["GT_ROLE": "crew", "GT_RIG": "verb-al", "GT_CREW": "ada"], "verb-al/ada"),
      (["GT_ROLE": "verb-al/polecats/deep-fix"], "verb-al/deep-fix"),
      (["GT_ROLE": "verb-al-polecat-deep-fix/"], "verb-al/deep-fix"), (["GT_ROLE": "overseer"], "overseer"),
    ] as [([String: String], String)])
  func sender(variables: [String: String], sender: String) async throws {
    try await MailTown.with { town in
      try await town.gt("mail", "send", "mayor/", "-s", "x", variables: variables)
      #expect(try await town.inbox("mayor/").map(\.from) == [sender])
    }
  }

  @Test(
    "Whose inbox it is, the environment says; without it, it is the person's", arguments: MailTown.Store.allCases)
  func ownInbox(store: MailTown.Store) async throws {
    try await MailTown.with(store) { town in
      town.directory.makeDirectory("gt/verb-al/crew/ada")
      let owners: [(variables: [String: String], address: String, mailbox: String)] = [
        ([:], "overseer", "overseer"), (["GT_ROLE": "mayor"], "mayor", "mayor/"),
        (["GT_ROLE": "deacon"], "deacon/", "deacon/"),
        (["GT_ROLE": "witness", "GT_RIG": "verb-al"], "verb-al/witness", "verb-al/witness"),
        (["GT_ROLE": "refinery", "GT_RIG": "verb-al"], "verb-al-refinery", "verb-al/refinery"),
        (MailTown.polecat, "verb-al/polecats/deep-fix", "verb-al/deep-fix"),
        (["GT_ROLE": "crew", "GT_RIG": "verb-al", "GT_CREW": "ada"], "verb-al/crew/ada", "verb-al/ada"),
      ]
      for owner in owners { try await town.gt("mail", "send", owner.address, "-s", "to \(owner.mailbox)") }
      for owner in owners {
        let inbox = try JSONDecoder().decode(
          [MailTown.Message].self,
          from: Data(try await town.gt("mail", "inbox", "--json", variables: owner.variables).utf8))
        #expect(inbox.map(\.subject) == ["to \(owner.mailbox)"])
        try await town.gt("mail", "delete", #require(inbox.first).id)
        // An empty one is an empty array, whoever's it is.
        #expect(try await town.gt("mail", "inbox", "--json", variables: owner.variables) == "[]\n")
        let words = try await town.gt("mail", "inbox", variables: owner.variables)
        #expect(words == "Inbox: \(owner.mailbox) (no messages)\n")
      }
      let unknown = try await town.tryGT("mail", "inbox", variables: ["GT_ROLE": "polecat", "GT_RIG": "verb-al"])
      #expect(unknown.ending == .exited(64) && unknown.errors.contains("GT_POLECAT is not set"))
    }
  }

  @Test("An answer names the message that it answers, and stays in its thread", arguments: MailTown.Store.allCases)
  func answers(store: MailTown.Store) async throws {
    try await MailTown.with(store) { town in
      try await town.gt("mail", "send", "verb-al/deep-fix", "-s", "question", "-m", "?")
      let question = try #require(try await town.inbox("verb-al/deep-fix").first)
      let said = try await town.gt(
        "mail", "send", "overseer", "-s", "answer", "-m", "!", "--reply-to", question.id, variables: MailTown.polecat)
      #expect(said.contains("\n  Reply to: \(question.id) (question)\n"))
      let answer = try #require(try await town.inbox("overseer").first)
      #expect(answer.reply_to == question.id && answer.thread_id == question.thread_id)
      #expect(answer.from == "verb-al/deep-fix")
      #expect(try await town.gt("mail", "read", answer.id).contains("\nReply to: \(question.id)\n"))
      // One that was read, or deleted, can be answered.
      try await town.gt("mail", "send", "verb-al/deep-fix", "-s", "thanks", "--reply-to", answer.id)
      let thanks = try #require(try await town.inbox("verb-al/deep-fix").first { $0.subject == "thanks" })
      #expect(thanks.reply_to == answer.id && thanks.thread_id == question.thread_id)
      // Another message begins another thread.
      try await town.gt("mail", "send", "overseer", "-s", "else")
      let other = try #require(try await town.inbox("overseer").first)
      #expect(other.reply_to == nil && other.thread_id != question.thread_id)

      for id in ["gt-nope", "gt-verb-al-polecat-deep-fix", "-x"] {
        let result = try await town.tryGT("mail", "send", "mayor", "-s", "x", "--reply-to=\(id)")
        #expect(result.ending == .exited(1), "\(id): \(result.errors)")
        #expect(result.errors == "gt: there is no message '\(id)'; to list them: gt mail inbox\n")
      }
      #expect(try await town.inbox("mayor").isEmpty)
    }
  }

  @Test("A slip in an address is met with the nearest mailbox, or agent")
  func suggestions() async throws {
    try await MailTown.with { town in
      town.directory.makeDirectory("gt/verb-al/crew/ada")
      for (address, nearest) in [
        ("oversee", "overseer"), ("mayer", "mayor"), ("decaon/", "deacon"), ("verb-al/witnes", "verb-al/witness"),
        ("verb-al/refinary", "verb-al/refinery"), ("verb-al/adda", "verb-al/crew/ada"),
        ("verbal/deep-fix", "verb-al/deep-fix"),
      ] {
        for words in [
          ["mail", "send", address, "-s", "x"], ["mail", "send", "mayor", "-s", "x", "--cc", address],
          ["mail", "inbox", "--identity", address],
        ] {
          let result = try await town.run("gt", words)
          #expect(result.ending == .exited(64), "\(words)")
          #expect(result.errors.contains("; did you mean \(nearest)?"), "\(words): \(result.errors)")
        }
        guard nearest != "overseer" else { continue }
        for verb in ["status", "start", "stop", "restart"] {
          let result = try await town.tryGT("session", verb, address)
          #expect(result.ending == .exited(64) && result.errors.contains("; did you mean \(nearest)?"), "\(verb)")
        }
      }
      #expect(try await town.inbox("mayor").isEmpty)
    }
  }

  @Test("An address that means nobody, or two, is refused, and nothing is sent")
  func addresses() async throws {
    try await MailTown.with { town in
      let near = try await town.tryGT("mail", "send", "verb-al/deep-fx", "-s", "x")
      #expect(near.ending == .exited(64))
      #expect(near.errors.contains("did you mean verb-al/deep-fix?"))
      town.directory.makeDirectory("gt/verb-al/crew/deep-fix")
      let double = try await town.tryGT("mail", "send", "verb-al/deep-fix", "-s", "x")
      #expect(double.ending == .exited(64))
      #expect(double.errors.contains("verb-al/polecats/deep-fix or verb-al/crew/deep-fix"))
      #expect(try await town.tryGT("mail", "send", "mayor", "-s", "x", "--cc", "nobody").ending == .exited(64))
      #expect(try await town.inbox("mayor").isEmpty)
      town.directory.makeDirectory("gt/verb-al/crew/ada")
      try await town.gt("mail", "send", "verb-al-crew-ada", "-s", "x")
      #expect(try await town.inbox("verb-al/crew/ada").map(\.to) == ["verb-al/ada"])
    }
  }

  @Test("What is wrong is told by the exit status", arguments: MailTown.Store.allCases)
  func statuses(store: MailTown.Store) async throws {
    try await MailTown.with(store) { town in
      #expect(try await town.tryGT("mail", "read", "gt-nope").ending == .exited(1))
      #expect(try await town.tryGT("mail", "delete", "gt-nope").ending == .exited(1))
      #expect(try await town.tryGT("mail", "send", "mayor").ending == .exited(64))
      #expect(try await town.tryGT("mail", "send", "mayor", "-s", " ").ending == .exited(64))
      #expect(try await town.tryGT("mail", "send", "mayor", "-s", "x", "--priority", "5").ending == .exited(64))
      let nameless = try await town.tryGT("mail", "send", "mayor", "-s", "x", variables: ["GT_ROLE": "polecat"])
      #expect(nameless.ending == .exited(64))
      let stranger = try await town.tryGT("mail", "inbox", variables: ["GT_ROLE": "nobody"])
      #expect(stranger.ending == .exited(64))
      // An agent's mail is no agent.
      #expect(try await town.tryGT("mail", "read", "gt-verb-al-polecat-deep-fix").ending == .exited(1))
      if store == .bd {
        try await town.run("rm", [town.directory("bin/bd")])
        #expect(try await town.tryGT("mail", "inbox").ending == .exited(69))
      }
    }
  }

  @Test("A registry that cannot be read does not keep a word from the Mayor")
  func brokenRegistry() async throws {
    try await MailTown.with { town in
      TestFile.write("{", to: town.layout.registry)
      try await town.gt("mail", "send", "mayor", "-s", "the registry is broken")
      #expect(try await town.tryGT("mail", "send", "verb-al/deep-fix", "-s", "x").ending == .exited(69))
    }
  }

  @Test("Every command is noted as activity, help is not")
  func activity() async throws {
    try await MailTown.with { town in
      for words in [
        ["mail", "inbox"], ["mail", "read", "gt-x"], ["mail", "delete", "gt-x"], ["session", "status", "deacon"],
        ["session", "capture", "deacon"], ["session", "at", "deacon"], ["session", "inject", "deacon", "-m", "x"],
        ["mail", "send", "mayor", "-s", "x"],
      ] {
        try await town.run("rm", ["-f", town.layout.activity])
        try await town.run("gt", words)
        let noted = try #require(TestFile.text(town.layout.activity))
        #expect(noted.contains("\"last_command\" : \"gt \(words[0]) \(words[1])\""))
      }
      try await town.run("rm", ["-f", town.layout.activity])
      try await town.gt("mail", "--help")
      #expect(!TestFile.exists(town.layout.activity))
    }
  }
}
