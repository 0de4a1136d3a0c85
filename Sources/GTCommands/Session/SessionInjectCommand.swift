// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import CommandSupport
import Supervision
import Tmux
import Town
import TownFiles

/// `gt session inject`.
struct SessionInjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject", abstract: "Type a text at an agent's prompt and submit it.",
    discussion: """
      The text is data: no part of it is a key or a command. Control characters other than line breaks and tabs are \
      removed, and so is one line break at the end of a file. Returns when the text was seen to be submitted.

      The text is typed only at an empty prompt. If the pane shows a question, a half-typed line or an agent at work, \
      the request is refused (exit status 75), and the message shows what is on the screen. Enter is pressed only if \
      the input line holds exactly the text. If it does not, the text is left there, with an error message (75).
      """)

  @Option(name: .shortAndLong, parsing: .unconditional, help: "The text.")
  var message: String?
  @Option(name: .shortAndLong, parsing: .unconditional, help: "A file with the text; - for standard input.")
  var file: String?
  @Option(
    help: ArgumentHelp("Wait this long for its prompt, as in 90s or 10m.", valueName: "duration"),
    transform: { text in
      guard let duration = Duration(setting: text) else {
        throw ValidationError("A time is expected, as in 90s or 10m.")
      }
      return duration
    })
  var wait: Duration?
  @Flag(help: "Also type to an agent at work, if it queues its input (Claude, Codex).")
  var queue = false
  @OptionGroup var address: AgentAddress

  func validate() throws {
    guard (message == nil) != (file == nil) else { throw ValidationError("Give the text: either -m TEXT or -f FILE.") }
    if message?.isEmpty == true { throw ValidationError("There is nothing to type.") }
  }

  func run() async throws {
    try await failing {
      let (town, agent) = try address.open("session inject")
      let text = try self.text()
      guard !TypedText.withoutControls(text).isEmpty else { throw CommandRefusal("there is nothing to type") }
      let found = try await FoundPane.find(agent, in: town)
      try await Injection(found: found, queues: queue, patience: wait ?? .zero).submit(text)
      print("Told \(agent.address): \(text.utf8.count) bytes.")
    }
  }

  private func text() throws -> String {
    if let message { return message }
    let path = file ?? "-"
    var text =
      path == "-"
      ? try StandardInputText.read() : try StandardInputText.text(try Disk.read(path), of: displayable(path))
    if text.hasSuffix("\r\n") || text.hasSuffix("\n") { text.removeLast() }
    return text
  }
}
