// SPDX-License-Identifier: Apache-2.0

import TownFiles

extension FuzzTarget {
  /// Unit files that name a town, and paths as names of instances.
  static let units = FuzzTarget("units") { input, _ in
    let whole = text(input)
    _ = TownUnits.town(of: whole, home: "/home/ada")
    _ = TownUnits.town(of: "[Service]\nExecStart=/usr/bin/gastown-daemon --town \(whole)", home: "/home/ada")
    _ = UnitEscaping.word(in: whole, home: "/home/ada")
    let instance = UnitEscaping.instance(ofPath: "/\(whole)")
    try promise("a unit takes the name", instance.utf8.allSatisfy { isPlain($0) })
    let path = Array(whole.utf8.drop { $0 == UInt8(ascii: "/") })
    if !path.isEmpty { try promise("an instance is its path", unescaped(instance), equals: path) }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"):
      true
    default: ":-_.\\".utf8.contains(byte)
    }
  }

  /// As `systemd-escape --unescape` reads it.
  private static func unescaped(_ instance: String) -> [UInt8]? {
    var rest = Array(instance.utf8)[...]
    var bytes: [UInt8] = []
    while let byte = rest.popFirst() {
      switch byte {
      case UInt8(ascii: "-"): bytes.append(UInt8(ascii: "/"))
      case UInt8(ascii: "\\"):
        guard rest.popFirst() == UInt8(ascii: "x"), rest.count >= 2,
          let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
        else { return nil }
        rest = rest.dropFirst(2)
        bytes.append(value)
      default: bytes.append(byte)
      }
    }
    return bytes
  }
}
