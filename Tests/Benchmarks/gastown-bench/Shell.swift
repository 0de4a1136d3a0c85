// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Commands that set the stage; nothing that is measured runs through here except where a shell is the alternative.
enum Shell {
  /// Runs a bash script with `arguments` as `$1` and on, and returns what it printed.
  @discardableResult
  static func run(_ script: String, _ arguments: String..., seconds: Int = 120) throws -> String {
    let (pid, output) = try start(["timeout", "\(seconds)", "bash", "-euc", script, "bash"] + arguments)
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = read(output, &buffer, buffer.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes += buffer[..<count]
    }
    close(output)
    var status: Int32 = 0
    while waitpid(pid, &status, 0) < 0, errno == EINTR {}
    let text = String(decoding: bytes, as: UTF8.self)
    guard status == 0 else {
      throw Problem("a script ended with wait status \(status) (124 << 8 is the time limit):\n\(script)\n\(text)")
    }
    return text
  }

  /// The lines of what a script prints.
  static func lines(_ script: String, _ arguments: String...) throws -> [String] {
    try run(script, arguments.first ?? "").split(separator: "\n").map(String.init)
  }

  /// Says how far it is: standard output is for results.
  static func say(_ text: String) {
    let bytes = Array("\(text)\n".utf8)
    _ = write(2, bytes, bytes.count)
  }

  /// Starts a program whose output is read from the descriptor that is returned.
  static func start(_ words: [String]) throws -> (pid: pid_t, output: Int32) {
    var ends: [Int32] = [-1, -1]
    guard pipe(&ends) == 0 else { throw Problem("pipe: \(String(cString: strerror(errno)))") }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    var arguments = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var pid: pid_t = 0
    let failure = posix_spawnp(&pid, words[0], &actions, nil, &arguments, environ)
    close(ends[1])
    guard failure == 0 else {
      close(ends[0])
      throw Problem("\(words[0]) could not be started: \(String(cString: strerror(failure)))")
    }
    return (pid, ends[0])
  }
}
