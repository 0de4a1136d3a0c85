// SPDX-License-Identifier: Apache-2.0

package import Logging

/// Fields of a journal entry: `NAME=value`, the value of any bytes.
package enum JournalField {
  /// The journal drops a field whose name is longer.
  package static let longestName = 64

  /// A name that the journal takes: capital letters, digits and `_`, beginning with a letter.
  package static func name(_ key: String) -> String {
    var bytes = key.utf8.map { byte -> UInt8 in
      switch byte {
      case UInt8(ascii: "A")...UInt8(ascii: "Z"), UInt8(ascii: "0")...UInt8(ascii: "9"): byte
      case UInt8(ascii: "a")...UInt8(ascii: "z"): byte - 32
      default: UInt8(ascii: "_")
      }
    }
    bytes = Array(bytes.drop { $0 == UInt8(ascii: "_") })
    guard let first = bytes.first else { return "X" }
    if first <= UInt8(ascii: "9") { bytes = Array("X".utf8) + bytes }
    return String(decoding: bytes.prefix(longestName), as: UTF8.self)
  }

  /// A name for a metadata key, which may not say what only the logger itself says.
  static func metadataName(_ key: String) -> String {
    let name = name(key)
    let isReserved = ["MESSAGE", "PRIORITY", "SYSLOG_IDENTIFIER"].contains(name) || name.hasPrefix("CODE_")
    return isReserved ? String("X_\(name)".prefix(longestName)) : name
  }

  static func bytes(_ name: String, _ value: String) -> [UInt8] {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(name.utf8.count + 1 + value.utf8.count)
    bytes.append(contentsOf: name.utf8)
    bytes.append(UInt8(ascii: "="))
    bytes.append(contentsOf: value.utf8)
    return bytes
  }

  /// The syslog priority of a level.
  package static func priority(_ level: Logger.Level) -> Int {
    switch level {
    case .trace, .debug: 7
    case .info: 6
    case .notice: 5
    case .warning: 4
    case .error: 3
    case .critical: 2
    }
  }
}
