// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import Control
import CommandSupport
import Town

/// `gt mail send`.
struct MailSendCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "send", abstract: "Send a message.",
    discussion: "Subject and body are sent unchanged. GT_ROLE names the sender; without it, it is the overseer.")

  @Argument(help: "The recipient: mayor, deacon, overseer, RIG/witness, RIG/refinery, RIG/NAME.", completion: .agent)
  var address: String
  @Option(name: .shortAndLong, parsing: .unconditional, help: "The subject.")
  var subject: String
  @Option(
    name: [.short, .long, .customLong("body")], parsing: .unconditional,
    help: "The body; - reads it from standard input.")
  var message = ""
  @Option(help: ArgumentHelp("urgent, high, normal or low; or 0 to 3.", valueName: "priority"))
  var priority = MailPriority(.normal)
  @Flag(help: "The same as --priority urgent.")
  var urgent = false
  @Flag(help: "Keep the message among the beads that the town exports and shares.")
  var permanent = false
  @Option(help: ArgumentHelp("Another address that gets a copy; may be repeated.", valueName: "address"))
  var cc: [String] = []
  @Option(
    help: ArgumentHelp(
      "The message that this one answers; it joins that message's thread.", valueName: "id"))
  var replyTo: String?
  @Flag(help: "Print JSON: the message as it was sent.")
  var json = false
  @OptionGroup var options: TownOptions

  func validate() throws {
    if subject.allSatisfy(\.isWhitespace) { throw ValidationError("A message needs a subject.") }
  }

  func run() async throws {
    try await failing {
      let town = try options.open("mail send")
      let participant = town.participant
      let sender = try participant.own()
      let recipient = try participant.mailbox(address)
      var copies: [String] = []
      for copy in try cc.map(participant.mailbox) where copy != recipient && !copies.contains(copy) {
        copies.append(copy)
      }
      let mail = Mail(store: try town.store.get())
      let answered: MailMessage? =
        if let replyTo { try await MailCommand.finding(replyTo) { try await mail.message(replyTo) } } else { nil }
      let body = message == "-" ? try StandardInputText.read() : message
      let sent = try await mail.send(
        from: sender, to: recipient, subject: subject, body: body, priority: urgent ? .urgent : priority.value,
        permanent: permanent, copies: copies, thread: answered?.threadID, replyTo: answered?.id)
      if json {
        try printJSON(sent)
      } else {
        print("Message \(displayable(sent.id)) sent to \(recipient)")
        print("  Subject: \(displayable(subject))")
        if let answered { print("  Reply to: \(displayable(answered.id)) (\(displayable(answered.subject)))") }
        if !copies.isEmpty { print("  CC: \(copies.joined(separator: ", "))") }
      }
      if ([recipient] + copies).contains(AgentIdentity.deacon.mailbox) { await poke(town) }
    }
  }

  /// The daemon reads the Deacon's inbox: it need not wait for its next heartbeat to learn of a request.
  private func poke(_ town: OpenTown) async {
    guard let client = ControlSocket.clientIfRunning(layout: town.layout, environment: town.environment) else { return }
    _ = try? await client.call(Refresh(), deadline: .seconds(5))
  }
}
