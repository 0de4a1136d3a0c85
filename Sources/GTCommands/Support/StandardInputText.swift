// SPDX-License-Identifier: Apache-2.0

import Glibc
import CommandSupport
import Supervision
import TownFiles

/// Text that is piped into a command.
enum StandardInputText {
  /// All of standard input.
  ///
  /// - Throws: `CommandRefusal` where it is not UTF-8, too much, or cannot be read.
  static func read() throws -> String {
    var content: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(STDIN_FILENO, &buffer, buffer.count)
      if count < 0 {
        if errno == EINTR { continue }
        throw CommandRefusal("standard input cannot be read: \(String(cString: strerror(errno)))")
      }
      if count == 0 { break }
      content += buffer[..<count]
      guard content.count <= Disk.largestFile else {
        throw CommandRefusal("standard input is larger than \(Disk.largestFile) bytes")
      }
    }
    return try text(content, of: "standard input")
  }

  /// Bytes as text, none of them changed.
  static func text(_ bytes: [UInt8], of source: String) throws -> String {
    guard let text = String(validating: bytes, as: UTF8.self) else {
      throw CommandRefusal("\(source) is not text in UTF-8")
    }
    return text
  }
}
