// SPDX-License-Identifier: Apache-2.0

import Control
import Dispatch
import FoundationEssentials
import Glibc
import Town

/// Writes events to standard output, each line whole and at once.
struct EventPrinter: Sendable {
  let isJSON: Bool

  /// Ctrl-C and a reader that goes away are how this is meant to end.
  static func endQuietly() {
    for number in [SIGINT, SIGTERM, SIGHUP] { signal(number) { _ in _exit(0) } }
    signal(SIGPIPE, SIG_IGN)
    // That nobody reads any more is to be seen when it is so, and not with the next event, hours later.
    DispatchQueue(label: "reader").async {
      var output = pollfd(fd: STDOUT_FILENO, events: 0, revents: 0)
      while poll(&output, 1, -1) < 0, errno == EINTR {}
      if output.revents & Int16(POLLERR | POLLHUP) != 0 { _exit(0) }
    }
  }

  func print(_ event: Watch.Reply) {
    let lines = isJSON ? [Self.json(event)] : Self.lines(event).map { printable($0) }
    for line in lines { Self.write(line + "\n") }
  }

  /// The event for people.
  static func lines(_ event: Watch.Reply) -> [String] {
    let isOfStream = event.event.hasPrefix("stream_")
    let pid = isOfStream ? event.pid.map { " (the daemon's pid is \($0))" } ?? "" : ""
    // To the second, as the journal shows it.
    let time = event.time.prefix(19) + "Z"
    let lost = event.lost > 0 ? ["-- \(event.lost) events were lost here, because they were read too slowly"] : []
    let text = displayable(event.message)
    return lost + [isOfStream ? "-- \(time) \(text)\(pid)" : "\(time) \(displayable(event.event)): \(text)"]
  }

  static func json(_ event: Watch.Reply) -> String {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return (try? encoder.encode(event)).map { printable(json: String(decoding: $0, as: UTF8.self)) } ?? "{}"
  }

  /// Waits for a slow reader; ends the process where there is none any more.
  private static func write(_ line: String) {
    var rest = Array(line.utf8)[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { Glibc.write(STDOUT_FILENO, $0.baseAddress, $0.count) }
      if count >= 0 {
        rest = rest.dropFirst(count)
      } else if errno != EINTR {
        exit(errno == EPIPE ? 0 : 1)
      }
    }
  }
}
