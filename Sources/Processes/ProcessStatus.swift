// SPDX-License-Identifier: Apache-2.0

/// What the kernel says of one process, from `/proc/PID/stat`.
package struct ProcessStatus: Sendable, Hashable {
  package var identity: ProcessIdentity
  /// The name of the executable, 15 bytes at most; a process can give itself another.
  package var name: String
  /// `R`, `S`, `D`, `T`, `Z`, …
  package var state: Character
  package var parent: Int32
  package var processGroup: Int32
  package var session: Int32
  /// The process group in the foreground of its terminal; -1 where it has none.
  package var foregroundGroup: Int32

  package var pid: Int32 { identity.pid }

  /// Neither a zombie nor about to be gone. `kill(pid, 0)` says yes to a zombie; this does not.
  package var isAlive: Bool { !["Z", "X", "x"].contains(state) }

  package init(
    identity: ProcessIdentity, name: String, state: Character, parent: Int32, processGroup: Int32, session: Int32,
    foregroundGroup: Int32 = -1
  ) {
    self.identity = identity
    self.name = name
    self.state = state
    self.parent = parent
    self.processGroup = processGroup
    self.session = session
    self.foregroundGroup = foregroundGroup
  }

  /// Reads the text of `/proc/PID/stat`; `nil` where it is none. The name stands in parentheses and
  /// may hold spaces and parentheses itself, so the last `)` ends it.
  package init?(stat text: String) {
    guard let open = text.firstIndex(of: "("), let close = text.lastIndex(of: ")"), open < close,
      let pid = Int32(text[..<open].filter { $0 != " " })
    else { return nil }
    // Field 3, the state, is the first here.
    let field = text[text.index(after: close)...].split { $0 == " " || $0 == "\n" }
    guard field.count > 19, let state = field[0].first, let parent = Int32(field[1]),
      let processGroup = Int32(field[2]), let session = Int32(field[3]), let startTime = UInt64(field[19])
    else { return nil }
    self.init(
      identity: ProcessIdentity(pid: pid, startTime: startTime), name: String(text[text.index(after: open)..<close]),
      state: state, parent: parent, processGroup: processGroup, session: session,
      foregroundGroup: Int32(field[5]) ?? -1)
  }
}
