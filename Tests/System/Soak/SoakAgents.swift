// SPDX-License-Identifier: Apache-2.0

import TestSupport

/// The agents of a soak, by what they have written themselves and by the process table: nothing that the daemon
/// says is believed.
struct SoakAgents: Sendable {
  let town: TownUser
  let sessions: [String]

  /// One that holds its session's lock as long as it lives: a second one at the same time would say so.
  static let program = #"""
    #!/bin/bash
    directory=$HOME/agents
    mkdir -p "$directory"
    exec 9>>"$directory/$GT_SESSION.lock"
    flock -n 9 || echo "second $$" >>"$directory/$GT_SESSION.log"
    server=${TMUX#*,}
    echo "start $$ ${server%%,*}" >>"$directory/$GT_SESSION.log"
    echo "a stand-in agent"
    while printf '> '; IFS= read -r line; do
      [ -z "$line" ] || echo "told $line" >>"$directory/$GT_SESSION.log"
      case $line in
      "exit "*) exit "${line#exit }" ;;
      "run "*) eval "${line#run }" 9>&- ;;
      esac
    done

    """#

  /// One run of an agent.
  struct Run: Hashable {
    var session: String
    var pid: Int32
  }

  /// One start of an agent, as it has written it down.
  struct Start {
    var pid: Int32
    /// The tmux server that it was started by.
    var server: Int32
    var hasBegun = false
  }

  struct Standing {
    var starts: [Start] = []
    /// Whether one was ever started while another lived.
    var hadSecond = false
  }

  func standing(_ session: String) -> Standing {
    var standing = Standing()
    for line in town.log(session) {
      let words = line.split(separator: " ")
      switch words.first {
      case "start":
        if words.count > 2, let pid = Int32(words[1]), let server = Int32(words[2]) {
          standing.starts.append(Start(pid: pid, server: server))
        }
      case "told": if !standing.starts.isEmpty { standing.starts[standing.starts.count - 1].hasBegun = true }
      case "second": standing.hadSecond = true
      default: break
      }
    }
    return standing
  }

  /// Whether a process of the boot runs, and is no corpse.
  func isRunning(_ pid: Int32) -> Bool {
    guard let text = TestFile.text("\(town.systemd.root)/proc/\(pid)/stat"), let end = text.lastIndex(of: ")") else {
      return false
    }
    let state = text[text.index(after: end)...].first { $0 != " " }
    return state != "Z" && state != "X"
  }

  /// Who is at work in a session, and has been told to begin.
  func atWork(_ session: String) -> Run? {
    guard let last = standing(session).starts.last, last.hasBegun, isRunning(last.pid) else { return nil }
    return Run(session: session, pid: last.pid)
  }

  /// Waits until everybody but `absent` is at work.
  @discardableResult
  func calm(but absent: Set<String> = [], within limit: Duration = .seconds(180)) async throws -> [Run] {
    var missing: [String] = []
    do {
      return try await eventually("calm", within: limit, every: .milliseconds(200)) {
        let runs = sessions.filter { !absent.contains($0) }.map { ($0, atWork($0)) }
        missing = runs.filter { $0.1 == nil }.map(\.0)
        return missing.isEmpty ? runs.compactMap(\.1) : nil
      }
    } catch let error as NotInTime {
      let explained = try? await town.gt("daemon", "explain")
      throw NotInTime(description: "\(error); not at work: \(missing)\n\(explained ?? "")")
    }
  }
}
