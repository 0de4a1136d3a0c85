// SPDX-License-Identifier: Apache-2.0

/// The record of one death, which `gt session crash` shows.
///
/// Its text comes from a town and must be made displayable before it is printed.
package struct CrashCapsule: Sendable, Hashable {
  /// The text of a pane, with what tmux knew besides.
  package struct Words: Sendable, Hashable {
    package var lines: [String]
    package var tmuxVersion: String?
    /// When the process ended, by tmux's account, to the second.
    package var diedAt: Timestamp?

    package init(lines: [String], tmuxVersion: String? = nil, diedAt: Timestamp? = nil) {
      self.lines = lines
      self.tmuxVersion = tmuxVersion
      self.diedAt = diedAt
    }
  }

  package static let currentVersion = 1
  /// How many lines of the pane are kept.
  package static let lineLimit = 200
  /// How many files that are not committed are named.
  package static let dirtyLimit = 100
  /// The longest line that is kept, in characters: a pane's line may be any number of rows.
  package static let lineLength = 4_096

  package var version = CrashCapsule.currentVersion
  package var id: String
  package var agent: String
  package var role: AgentIdentity.Role
  package var session: String
  package var seenAt: Timestamp
  package var diedAt: Timestamp?
  package var startedAt: Timestamp?
  package var kind: DeathClass
  package var exitStatus: Int32?
  package var exitSignal: Int32?
  /// `daemon`, `person`, `oom_killer` or `unknown`; `nil` where it ended by itself.
  package var killedBy: String?
  package var killedByName: String?
  package var pid: Int32?
  package var restarts: Int
  package var hook: String?
  package var lastWords: Reading<[String]>
  package var worktree: Reading<Worktree>
  package var tmuxServer: String?
  package var tmuxVersion: String?
  package var pane: String?
  package var memory: MemoryEvents?

  /// - Parameters:
  ///   - words: the text of the pane, or why there is none.
  ///   - startedAt: when the process began, by the kernel's account.
  package init(
    _ report: DeathReport, words: Reading<Words>, startedAt: Timestamp? = nil, memory: MemoryEvents? = nil,
    worktree: Reading<Worktree> = .unknown("it has not been read yet")
  ) {
    id = report.id
    agent = report.agent.address
    role = report.agent.role
    session = report.agent.session
    seenAt = report.seenAt
    self.startedAt = startedAt ?? report.since
    // To the second is worse than the look, where the look came at once.
    diedAt = words.value?.diedAt.flatMap { report.seenAt - $0 < .seconds(2) ? report.seenAt : $0 }
    kind = DeathClass(report.cause, wasWaiting: report.wasWaiting)
    switch report.cause {
    case .exited(let status)?: exitStatus = status
    case .signalled(let signal)?: exitSignal = signal
    case .serverGone?, .sessionGone?, .shellLeft?, nil: break
    }
    let killer = Killer(of: report, memory: memory)
    killedBy = killer?.word
    killedByName = killer?.name
    pid = report.pid
    restarts = report.restarts
    hook = report.hook
    lastWords = words.map { words in
      words.lines.suffix(CrashCapsule.lineLimit).map { String($0.prefix(CrashCapsule.lineLength)) }
    }
    self.worktree = worktree
    tmuxServer = report.remains?.serverName
    tmuxVersion = words.value?.tmuxVersion
    pane = report.remains?.pane ?? report.life?.pane
    self.memory = memory
  }

  /// How long it lived. An upper bound: where the time of its end is unknown, until the end was seen.
  package var uptime: Duration? {
    startedAt.map { max((diedAt ?? seenAt) - $0, .zero) }
  }

  /// How it ended, in words.
  package var how: String {
    let detail =
      if let exitSignal { "\(kind.words) by signal \(exitSignal)" } else if let exitStatus {
        "\(kind.words), exit status \(exitStatus)"
      } else { kind.words }
    switch killedBy {
    case nil, "unknown"?: return detail
    case "person"?: return "\(detail), by \(displayable(killedByName ?? "a person")) through gt"
    case "oom_killer"?: return "\(detail), by the kernel's OOM killer"
    case let word?: return "\(detail), by the \(displayable(word))"
    }
  }
}

extension CrashCapsule {
  /// A name that sorts by time and is safe for files: `20261123T181248.123Z-gt-rig-toast`.
  package static func id(time: Timestamp, session: String) -> String {
    let text = time.description
    let whole = text.prefix(19).filter { $0 != "-" && $0 != ":" }
    let fraction = text.dropFirst(20).prefix { $0.isNumber }
    return "\(whole).\(fraction)\(String(repeating: "0", count: 3 - fraction.count))Z-\(session)"
  }

  /// The length of the time in an id, with the hyphen after it.
  private static let timeLength = 21

  /// When the death was seen that an id names; `nil` where it is none of ours.
  package static func time(ofID id: String) -> Timestamp? {
    guard session(ofID: id) != nil else { return nil }
    let text = Array(id)
    func part(_ range: Range<Int>) -> String { String(text[range]) }
    return Timestamp(
      "\(part(0..<4))-\(part(4..<6))-\(part(6..<8))T\(part(9..<11)):\(part(11..<13)):\(part(13..<19))Z")
  }

  /// The session that an id names; `nil` where it is none of ours.
  package static func session(ofID id: String) -> String? {
    let bytes = Array(id.utf8)
    func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }
    guard bytes.count > timeLength else { return nil }
    for (index, byte) in bytes.prefix(timeLength).enumerated() {
      let fits =
        switch index {
        case 8: byte == UInt8(ascii: "T")
        case 15: byte == UInt8(ascii: ".")
        case 19: byte == UInt8(ascii: "Z")
        case 20: byte == UInt8(ascii: "-")
        default: isDigit(byte)
        }
      guard fits else { return nil }
    }
    let session = String(decoding: bytes[timeLength...], as: UTF8.self)
    return session.utf8.allSatisfy { $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ".") } ? session : nil
  }

  /// The last lines that say something, for one entry of the journal: few, short, and displayable. Frames of a text
  /// interface and bare prompts say nothing; where nothing else is there they are better than nothing.
  package var epitaph: [String] {
    let lines = (lastWords.value ?? []).filter { !$0.allSatisfy(\.isWhitespace) }
    let telling = lines.compactMap(Self.withoutFrame)
    return (telling.isEmpty ? lines : telling).suffix(3).map {
      let line = displayable($0)
      return line.count > 240 ? "\(line.prefix(240))…" : line
    }
  }

  /// A line without the frame that a text interface draws around it; `nil` where it has nothing but that, or a prompt.
  package static func withoutFrame(_ line: String) -> String? {
    func isFrame(_ character: Character) -> Bool {
      guard character.unicodeScalars.count == 1, let scalar = character.unicodeScalars.first else { return false }
      // Box drawing and block elements.
      return (0x2500...0x259F).contains(scalar.value)
    }
    guard line.contains(where: isFrame) else { return prompts.contains(line.filter { !$0.isWhitespace }) ? nil : line }
    func isEdge(_ character: Character) -> Bool { character.isWhitespace || isFrame(character) }
    let inner = line.drop(while: isEdge)
    guard let end = inner.lastIndex(where: { !isEdge($0) }) else { return nil }
    let text = String(inner[...end])
    return prompts.contains(text) ? nil : text
  }

  private static let prompts: Set<String> = [">", "❯", "›", "$", "#", "%", ">>>"]
}
