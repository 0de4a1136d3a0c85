// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// What one look at a healthy town costs, beside a plain loop that asks for each polecat: how the original does it.
struct Beats {
  /// Milliseconds from the request on the control socket to its answer, which comes when all was looked at.
  static func times(_ count: Int) throws -> Figure {
    let socket = try Shell.run(#"printf %s "$XDG_RUNTIME_DIR/gastown/control.sock""#)
    let town = try Shell.run("realpath ~/gt").split(separator: "\n").first.map(String.init) ?? ""
    let request = #"{"method":"org.gastown.Daemon.Beat","parameters":{"town":"\#(town)"}}"# + "\0"
    return Figure(
      try (0..<count).map { _ in
        Clock.sleep(seconds: 0.1)
        let begin = Clock.now
        let answer = try ask(request, socket: socket)
        guard answer.contains("heartbeat_count") else { throw Problem("a beat was answered \(answer)") }
        return Double(Clock.now - begin) / 1e6
      })
  }

  /// How many processes the daemon starts for a beat: not in the run whose time is taken.
  static func processes(_ count: Int) throws -> Figure {
    try counting {
      Figure(
        try (0..<count).map { _ in
          let text = try Shell.run(": >~/processes; gt daemon beat >/dev/null; wc -l <~/processes", seconds: 300)
          return Double(text.filter { !$0.isWhitespace }) ?? -1
        })
    }
  }

  /// Runs `body` while all that the daemon starts by its PATH goes through a script that writes it into `~/processes`,
  /// a line each.
  static func counting<Value>(_ body: () throws -> Value) throws -> Value {
    try Shell.run(
      #"""
      mkdir -p ~/counting ~/.config/systemd/user/gastown-daemon.service.d
      cd ~/counting
      for name in tmux bd git systemctl gt; do
        real=$(type -P $name) || continue
        printf '#!/bin/bash\nread -r parent </proc/$PPID/comm\n[ "$parent" != gastown-daemon ] || echo "%s $*" >>%s/processes\nexec %s "$@"\n' \
          $name "$HOME" "$real" >$name
        chmod +x $name
      done
      printf '[Service]\nEnvironment=PATH=%s\n' "$HOME/counting:$PATH" \
        >~/.config/systemd/user/gastown-daemon.service.d/counting.conf
      systemctl --user daemon-reload
      systemctl --user restart gastown-daemon
      gt daemon beat >/dev/null; gt daemon beat >/dev/null
      """#, seconds: 300)
    defer {
      _ = try? Shell.run(
        """
        rm -r ~/counting ~/.config/systemd/user/gastown-daemon.service.d
        systemctl --user daemon-reload
        systemctl --user restart gastown-daemon
        gt daemon beat >/dev/null; gt daemon beat >/dev/null
        """, seconds: 300)
    }
    return try body()
  }

  /// Milliseconds for the loop: `has-session` for every polecat, and with `bd` its bead.
  static func loopTimes(_ count: Int, polecats: Int, store: Measurement.Store) throws -> Figure {
    let script = """
      for number in $(seq $1); do
        tmux -N -S $XDG_RUNTIME_DIR/gastown-tmux/sock has-session -t "=gt-rig-p$number"
        \(store == .bd ? "bd show gt-rig-polecat-p$number --json >/dev/null" : "")
      done
      """
    return Figure(
      try (0..<count).map { _ in
        let begin = Clock.now
        try Shell.run("cd ~/gt; " + script, "\(polecats)", seconds: 600)
        return Double(Clock.now - begin) / 1e6
      })
  }

  /// One for each command of the loop: it is plain to see.
  static func loopProcesses(polecats: Int, store: Measurement.Store) -> Figure {
    Figure([Double(store == .bd ? 2 * polecats : polecats)])
  }

  private static func ask(_ request: String, socket path: String) throws -> String {
    let descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected == 0 else { throw Problem("connect \(path): \(String(cString: strerror(errno)))") }
    let bytes = Array(request.utf8)
    guard write(descriptor, bytes, bytes.count) == bytes.count else { throw Problem("\(path) takes no request") }
    var answer: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 4_096)
    while !answer.contains(0), case let count = read(descriptor, &buffer, buffer.count), count > 0 {
      answer += buffer[..<count]
    }
    return String(decoding: answer, as: UTF8.self)
  }
}
