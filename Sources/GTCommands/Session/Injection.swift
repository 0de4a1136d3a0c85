// SPDX-License-Identifier: Apache-2.0

internal import Faults
internal import Processes
internal import Supervision
internal import Tmux
internal import Town

/// Types a text of any length at a living agent, and sees to it that it was submitted.
struct Injection: Sendable {
  /// What a terminal that collects lines takes of one, without the line break (the kernel's N_TTY).
  static let longestLine = 4_094
  /// How much of a pane is looked at.
  private static let screen = 50

  let found: FoundPane
  var processes = ProcessTable()

  /// - Throws: `CommandRefusal` where nobody is there who could be told, and nothing was typed then;
  ///   or where what was typed could not be submitted; `TmuxError`.
  @concurrent func submit(_ text: String) async throws {
    let text = TypedText.withoutControls(text)
    let process = try listener()
    if Terminal.collectsLines(of: process) == true {
      // The kernel would drop what is more, without a word.
      if text.utf8.split(separator: UInt8(ascii: "\n")).contains(where: { $0.count > Self.longestLine }) {
        throw CommandRefusal(
          "\(found.agent.address) reads whole lines from its terminal, of \(Self.longestLine) bytes at most; "
            + "a line of the text is longer")
      }
    }
    try await found.client.type(text, into: found.pane)
    FaultPoint.injectTyped.pass()
    // A long paste takes its time to be read.
    let reading = Duration.milliseconds(500) + .milliseconds(text.utf8.count / 100)
    for pause in [reading, .milliseconds(500), .seconds(1), .seconds(2)] {
      try await Task.sleep(for: pause)
      guard processes.isRunning(process) else { throw CommandRefusal("\(found.agent.address) has ended meanwhile") }
      let before = try await lines()
      try await found.client.submit(found.pane)
      if Terminal.collectsLines(of: process) == true { return }
      if try await wasTaken(text, before: before) { return }
    }
    throw CommandRefusal("the text stands on the input line of \(found.agent.address), and was not submitted")
  }

  /// The process that will read the text.
  private func listener() throws -> ProcessIdentity {
    let name = found.agent.address
    switch found.liveness {
    case .alive(let life, _):
      let process = ProcessIdentity(pid: life.pid, startTime: life.startTime)
      guard let status = processes.status(life.pid), status.identity == process, status.isAlive else {
        throw CommandRefusal("\(name) has just ended; nothing was typed")
      }
      // Also in a pane that the daemon made: a shell would run the text.
      let isBareShell =
        LoginShell.isBare(name: status.name, arguments: processes.arguments(of: life.pid) ?? [])
        && processes.children(of: life.pid).isEmpty
      guard !isBareShell else { throw shellRefusal }
      return process
    case .dead(let corpse):
      let how = corpse.cause.map { " (\($0))" } ?? ""
      throw CommandRefusal("\(name) has ended\(how); nothing was typed. To start it: gt session start \(name)")
    case .deadShell: throw shellRefusal
    case .absent: throw CommandRefusal("\(name) has no session; nothing was typed")
    case .unknown(let reason): throw Unreadable(description: "\(name): \(reason)")
    }
  }

  private var shellRefusal: CommandRefusal {
    CommandRefusal("\(found.agent.address) is not there: a bare shell is in its pane, which would run the text")
  }

  /// Whether an Enter has done something: the text is not on the input line any longer, and the screen
  /// is another than before.
  private func wasTaken(_ text: String, before: [String]) async throws -> Bool {
    let last = text.split(separator: "\n").last.map(String.init) ?? text
    for _ in 1...5 {
      try await Task.sleep(for: .milliseconds(200))
      let after = try await lines()
      // Claude shows a long paste as one word.
      let isStillTyped = ["[Pasted text", last].contains { Readiness.isStillTyped($0, lines: after) }
      if after != before, !isStillTyped { return true }
    }
    return false
  }

  private func lines() async throws -> [String] {
    try await found.client.capture(panes: [PaneCapture(found.pane, lines: Self.screen)])[found.pane] ?? []
  }
}
