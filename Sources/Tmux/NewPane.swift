// SPDX-License-Identifier: Apache-2.0

/// What is to run in a pane.
package struct PaneProcess: Sendable, Hashable {
  /// An absolute path; must be there.
  package var directory: String
  /// What is added to, or replaces in, the environment of the server and the session.
  package var environment: [String: String]
  /// The program and its arguments. Never seen by a shell.
  package var argv: [String]

  package init(directory: String, environment: [String: String] = [:], argv: [String]) {
    self.directory = directory
    self.environment = environment
    self.argv = argv
  }

  /// What cannot be written for tmux or `env`; `nil` where all can.
  var defect: String? {
    guard let program = argv.first, !program.isEmpty else { return "there is no command" }
    // env would take it for a variable.
    if program.contains("=") { return "the command '\(program)' has a '=' in it" }
    if !directory.hasPrefix("/") { return "the directory '\(directory)' is not an absolute path" }
    for (name, value) in environment where name.isEmpty || name.contains("=") || (name + value).utf8.contains(0) {
      return "the variable '\(name)' cannot be set"
    }
    if ([directory] + argv).contains(where: { $0.utf8.contains(0) }) { return "a word has a NUL in it" }
    return nil
  }
}

/// A session to be made, of one pane.
package struct NewPane: Sendable, Hashable {
  package var session: SessionName
  package var mark: PaneMark
  package var process: PaneProcess
  /// Columns and rows until a client attaches.
  package var size: (columns: Int, rows: Int) { (200, 50) }

  package init(session: SessionName, mark: PaneMark, process: PaneProcess) {
    self.session = session
    self.mark = mark
    self.process = process
  }
}

/// A pane and the process that was just started in it.
package struct CreatedPane: Sendable, Hashable {
  package var id: PaneID
  package var pid: Int32
  /// The life of the server that has the pane.
  package var server: ServerLife

  package init(id: PaneID, pid: Int32, server: ServerLife) {
    self.id = id
    self.pid = pid
    self.server = server
  }

  /// A format for ``init(line:)``.
  static let format = "#{pane_id} #{pane_pid} \(PaneListing.serverFormat)"

  init?(line: some StringProtocol) {
    let field = line.split(separator: " ", maxSplits: 2)
    guard field.count == 3, let id = PaneID(field[0]), let pid = Int32(field[1]),
      let server = PaneListing.server(field[2])
    else { return nil }
    self.init(id: id, pid: pid, server: server)
  }
}
