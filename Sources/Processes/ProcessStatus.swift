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
  /// The device number of its controlling terminal; 0 where it has none.
  package var terminal: Int32
  /// The process group in the foreground of its terminal; -1 where it has none.
  package var foregroundGroup: Int32

  package var pid: Int32 { identity.pid }

  /// Neither a zombie nor about to be gone. `kill(pid, 0)` says yes to a zombie; this does not.
  package var isAlive: Bool { !["Z", "X", "x"].contains(state) }

  package init(
    identity: ProcessIdentity, name: String, state: Character, parent: Int32, processGroup: Int32, session: Int32,
    terminal: Int32 = 0, foregroundGroup: Int32 = -1
  ) {
    self.identity = identity
    self.name = name
    self.state = state
    self.parent = parent
    self.processGroup = processGroup
    self.session = session
    self.terminal = terminal
    self.foregroundGroup = foregroundGroup
  }

  /// Reads the text of `/proc/PID/stat`; `nil` where it is none.
  package init?(stat text: String) { self.init(stat: Array(text.utf8)) }

  /// Reads the bytes of `/proc/PID/stat`; `nil` where they are none. The name stands in parentheses and
  /// may hold spaces and parentheses itself, so the last `)` ends it.
  ///
  /// By bytes, as a look at a town reads hundreds of these.
  init?(stat bytes: [UInt8]) {
    guard let open = bytes.firstIndex(of: UInt8(ascii: "(")), let close = bytes.lastIndex(of: UInt8(ascii: ")")),
      open < close, let pid = Self.number(bytes[..<open].filter { $0 != UInt8(ascii: " ") }[...])
    else { return nil }
    // Field 3, the state, is the first here.
    let field = bytes[(close + 1)...].split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
    guard field.count > 19, let state = field[0].first, let parent = Self.number(field[1]),
      let processGroup = Self.number(field[2]), let session = Self.number(field[3]),
      let startTime = UInt64(String(decoding: field[19], as: UTF8.self))
    else { return nil }
    self.init(
      identity: ProcessIdentity(pid: pid, startTime: startTime),
      name: String(decoding: bytes[(open + 1)..<close], as: UTF8.self),
      state: Character(Unicode.Scalar(state)), parent: parent, processGroup: processGroup, session: session,
      terminal: Self.number(field[4]) ?? 0, foregroundGroup: Self.number(field[5]) ?? -1)
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int32? {
    Int32(String(decoding: digits, as: UTF8.self))
  }
}
