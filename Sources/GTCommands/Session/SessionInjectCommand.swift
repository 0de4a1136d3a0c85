// SPDX-License-Identifier: Apache-2.0

internal import ArgumentParser
internal import GastownDaemon
internal import Supervision
internal import Tmux
internal import Town
internal import TownFiles

/// `gt session inject`.
struct SessionInjectCommand: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "inject", abstract: "Type a text at an agent's prompt, and submit it.",
    discussion: """
      The text is data: nothing in it is a key or a command. Control characters other than line breaks and tabs are \
      left out, and so is one line break at the end of a file. Returns when the text was seen to be submitted.
      """)

  @Option(name: .shortAndLong, parsing: .unconditional, help: "The text.")
  var message: String?
  @Option(name: .shortAndLong, parsing: .unconditional, help: "A file with the text; - for standard input.")
  var file: String?
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
      try await Injection(found: try await FoundPane.find(agent, in: town)).submit(text)
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
