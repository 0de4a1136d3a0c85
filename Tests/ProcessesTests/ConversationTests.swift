// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

@Suite struct ConversationTests {
  private static let starter = SystemCommandRunner(environment: [
    "PATH": "/usr/local/bin:/usr/bin:/bin", "NOTIFY_SOCKET": "/x", "KEPT": "yes",
  ])

  private func converse(_ script: String, limit: Int = 1 << 20, grace: Duration = .seconds(30)) throws
    -> any Conversation
  {
    try Self.starter.converse(Command("sh", ["-c", script], deadline: grace, outputLimit: limit))
  }

  private func text(_ conversation: any Conversation) async -> String {
    var bytes: [UInt8] = []
    for await portion in conversation.output { bytes += portion }
    return String(decoding: bytes, as: UTF8.self)
  }

  @Test func whatIsSaidIsAnswered() async throws {
    let conversation = try converse("while read -r line; do echo \"<$line>\"; done")
    var answers = conversation.output.makeAsyncIterator()
    for word in ["one", "two"] {
      #expect(conversation.send(Array("\(word)\n".utf8)))
      #expect(await answers.next() == Array("<\(word)>\n".utf8))
    }
    await conversation.end()
    #expect(await answers.next() == nil)
    #expect(!conversation.send([10]))
  }

  @Test func theEndOfItsInputEndsTheChild() async throws {
    let conversation = try converse("echo $$; cat >/dev/null; exec sleep 0")
    var answers = conversation.output.makeAsyncIterator()
    let pid = try #require(await answers.next().flatMap { Int32(String(decoding: $0.dropLast(), as: UTF8.self)) })
    #expect(ProcessTable().identity(of: pid) != nil)
    await conversation.end()
    #expect(ProcessTable().status(pid) == nil, "it is reaped")
  }

  @Test func whoDoesNotEndIsKilled() async throws {
    let conversation = try converse("trap '' TERM HUP; echo $$; sleep 1000; sleep 1000", grace: .milliseconds(50))
    var answers = conversation.output.makeAsyncIterator()
    let pid = try #require(await answers.next().flatMap { Int32(String(decoding: $0.dropLast(), as: UTF8.self)) })
    await conversation.end()
    #expect(ProcessTable().status(pid) == nil)
  }

  @Test func lastWordsComeBeforeTheEnd() async throws {
    let conversation = try converse("seq 1 20000; exit 3")
    #expect(await text(conversation) == (1...20000).map { "\($0)\n" }.joined())
    await conversation.end()
  }

  /// The library's own writer would end us here.
  @Test func aChildThatClosesItsInputHarmsNobody() async throws {
    let conversation = try converse("exec <&- >&-; exec sleep 0.2")
    for _ in 0..<200 { _ = conversation.send([UInt8](repeating: 65, count: 10000)) }
    #expect(await text(conversation) == "")
    #expect(!conversation.send([65]))
    await conversation.end()
  }

  @Test func moreThanFitsGoesOutWhenThereIsRoom() async throws {
    let line = [UInt8](repeating: 65, count: 999) + [10]
    let counted = try converse("head -c 4000000 | wc -c", limit: 8 << 20)
    var answers = counted.output.makeAsyncIterator()
    for _ in 0..<4000 { #expect(counted.send(line)) }
    #expect(await answers.next() == Array("4000000\n".utf8))
    await counted.end()
  }

  @Test func whatWaitsIsBounded() async throws {
    let conversation = try converse("exec sleep 1000", limit: 1 << 20, grace: .milliseconds(50))
    let portion = [UInt8](repeating: 65, count: 65536)
    var sent = 0
    while sent < 200, conversation.send(portion) { sent += 1 }
    #expect(sent < 100)
    await conversation.end()
  }

  @Test func aReaderThatDoesNotReadEndsIt() async throws {
    let conversation = try converse("exec yes", grace: .milliseconds(50))
    try await eventually("its end") { !conversation.send([65]) }
    await conversation.end()
  }

  @Test func whatMustNotBeHandedOnIsNot() async throws {
    let conversation = try converse("echo \"${NOTIFY_SOCKET-none} $KEPT\"")
    #expect(await text(conversation) == "none yes\n")
    await conversation.end()
  }

  @Test func aMissingExecutableIsNamed() {
    #expect(throws: CommandError.self) {
      try Self.starter.converse(Command("no-such-program", deadline: .seconds(1)))
    }
  }

  @Test func whatCannotBeRunEndsAtOnce() async throws {
    let conversation = try Self.starter.converse(
      Command("true", workingDirectory: "/no/such/directory", deadline: .seconds(1)))
    #expect(await text(conversation) == "")
    await conversation.end()
  }
}
