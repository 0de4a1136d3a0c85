// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// A `.beads` directory.
struct Place {
  var directory: String

  /// The one that `BEADS_DIR` names, or the nearest one above the working directory.
  static func find() -> Place? {
    if let named = environment("BEADS_DIR"), !named.isEmpty, isDirectory(named) { return Place(directory: named) }
    guard let buffer = getcwd(nil, 0) else { return nil }
    defer { free(buffer) }
    var directory = String(cString: buffer)
    while true {
      let candidate = directory == "/" ? "/.beads" : "\(directory)/.beads"
      if isDirectory(candidate) { return Place(directory: candidate) }
      guard directory != "/", let slash = directory.lastIndex(of: "/") else { return nil }
      directory = slash == directory.startIndex ? "/" : String(directory[..<slash])
    }
  }

  static func environment(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  static func isDirectory(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
  }

  func path(_ name: String) -> String { "\(directory)/\(name)" }
  func has(_ name: String) -> Bool { access(path(name), F_OK) == 0 }

  func read(_ name: String) -> [UInt8]? {
    (try? Data(contentsOf: URL(filePath: path(name)))).map(Array.init)
  }

  /// Replaces a file as a whole.
  func write(_ name: String, _ bytes: [UInt8]) throws(Refusal) {
    let temporary = path(".\(name).\(getpid())")
    do {
      try Data(bytes).write(to: URL(filePath: temporary))
    } catch {
      throw Refusal("unable to open database file: \(error)")
    }
    guard rename(temporary, path(name)) == 0 else {
      throw Refusal("disk I/O error: \(String(cString: strerror(errno)))")
    }
  }

  /// Runs `body` while no other stand-in does so on this database.
  func locked<Value>(_ body: () throws(Refusal) -> Value) throws(Refusal) -> Value {
    let descriptor = open(path("stand-in.lock"), O_RDWR | O_CREAT | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw Refusal("unable to open database file: \(String(cString: strerror(errno)))") }
    defer { close(descriptor) }
    while flock(descriptor, LOCK_EX) != 0, errno == EINTR {}
    return try body()
  }

  /// Adds one line to `stand-in-calls.log`: the command line, its words quoted where that is needed.
  func log(_ invocation: Invocation, in name: String = "stand-in-calls.log") {
    let words = invocation.arguments.map {
      $0.contains { " \n\t\"".contains($0) } || $0.isEmpty ? JSONText.quoted($0) : $0
    }
    let line = words.joined(separator: " ") + "\n"
    let descriptor = open(path(name), O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { return }
    defer { close(descriptor) }
    Output.write(line, to: descriptor)
  }

  /// How many command lines have been logged, of one subcommand or of all; this one is among them.
  func calls(of subcommand: String?) -> Int {
    let lines = String(decoding: read("stand-in-calls.log") ?? [], as: UTF8.self).split(separator: "\n")
    return subcommand.map { word in lines.count { $0.hasPrefix("\(word) ") } } ?? lines.count
  }
}
