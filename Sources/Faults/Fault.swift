// SPDX-License-Identifier: Apache-2.0

#if DEBUG
  import Glibc
  import Synchronization

  /// The fault that a test has prepared: a line in the file that `GASTOWN_FAULT` names, which is read at each point
  /// and removed just before the fault. It is no part of a release build.
  ///
  /// The line is `POINT [WHAT] [COUNT]`: the name of the point; with what it must have to do, where it is passed for
  /// several things, by the end of its name; and which passage of that it is to be, from 1.
  package enum Fault {
    private static let file = Mutex(getenv("GASTOWN_FAULT").map { String(cString: $0) })

    /// Ends the process by SIGKILL where this is the point that was chosen.
    package static func pass(_ point: String, of things: [String] = []) {
      if isNext(point, of: things) { kill(getpid(), SIGKILL) }
    }

    /// Whether this is the fault that was chosen, which it is once.
    package static func isNext(_ name: String, of things: [String] = []) -> Bool {
      // One after the other: a passage is counted once.
      file.withLock { file in
        guard let file, let line = line(of: file) else { return false }
        var words = line.split(separator: " ")[...]
        guard words.popFirst() == name[...] else { return false }
        let count = words.last.flatMap { Int($0) }
        if count != nil { words.removeLast() }
        if let thing = words.first, !things.contains(where: { $0.hasSuffix(thing) }) { return false }
        if let count, count > 1 {
          write("\(([name[...]] + words).joined(separator: " ")) \(count - 1)\n", to: file)
          return false
        }
        unlink(file)
        return true
      }
    }

    private static func line(of file: String) -> String? {
      guard let stream = fopen(file, "re") else { return nil }
      defer { fclose(stream) }
      var line = [CChar](repeating: 0, count: 128)
      guard fgets(&line, Int32(line.count), stream) != nil else { return nil }
      return String(
        decoding: line.prefix { $0 != 0 && $0 != CChar(UInt8(ascii: "\n")) }.map(UInt8.init(bitPattern:)),
        as: UTF8.self)
    }

    private static func write(_ line: String, to file: String) {
      guard let stream = fopen(file, "we") else { return }
      fputs(line, stream)
      fclose(stream)
    }
  }
#endif
