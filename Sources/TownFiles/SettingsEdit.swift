// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// Sets one key of a JSON object in its text, and leaves every other byte as a person has written it.
package enum SettingsEdit {
  /// The text with `key` set to the string `value`: where the object has the key its value is replaced,
  /// everywhere if it has it more than once, as readers differ in which of them counts; else the key comes first.
  ///
  /// - Parameter text: a JSON object, which has been read as one; empty where there is no file.
  /// - Returns: `nil` where the text is not a JSON object.
  package static func setting(_ key: String, to value: String, in text: String) -> String? {
    let bytes = Array(text.utf8)
    let member = quoted(key) + ": " + quoted(value)
    if bytes.allSatisfy(isSpace) { return "{\n  \(member)\n}\n" }
    var scanner = Scanner(bytes: bytes)
    guard let members = scanner.members(), let open = bytes.firstIndex(of: UInt8(ascii: "{")) else { return nil }
    let present = members.filter { $0.key == quoted(key) || name($0.key) == key }
    if !present.isEmpty {
      var result = ""
      var end = bytes.startIndex
      for member in present {
        result += decoded(bytes[end..<member.value.lowerBound]) + quoted(value)
        end = member.value.upperBound
      }
      return result + decoded(bytes[end...])
    }
    let start = bytes.index(after: open)
    guard let first = members.first else {
      let rest = bytes[start...].drop(while: isSpace)
      return decoded(bytes[...open]) + member + decoded(rest)
    }
    // The same space before the next member as before the first one till now.
    let space = decoded(bytes[start..<first.start])
    return decoded(bytes[...open]) + space + member + "," + (space.isEmpty ? " " : space)
      + decoded(bytes[first.start...])
  }

  private static func decoded(_ bytes: ArraySlice<UInt8>) -> String { String(decoding: bytes, as: UTF8.self) }

  /// What a key that is written with escapes means.
  private static func name(_ key: String) -> String? {
    key.contains("\\") ? try? JSONDecoder().decode(String.self, from: Data(key.utf8)) : nil
  }

  private static func isSpace(_ byte: UInt8) -> Bool { [0x20, 0x09, 0x0A, 0x0D].contains(byte) }

  private static func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "\"", "\\": result += "\\\(scalar)"
      case _ where scalar.value < 0x20:
        let digits = String(scalar.value, radix: 16)
        result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
      default: result.unicodeScalars.append(scalar)
      }
    }
    return result + "\""
  }

  /// One member of an object: where it begins, its key as it is written, and where its value is.
  private struct Member {
    var start: Int
    var key: String
    var value: Range<Int>
  }

  /// Finds the members of the outermost object. The text is known to be JSON, so only strings and brackets
  /// count.
  private struct Scanner {
    let bytes: [UInt8]
    var position = 0

    init(bytes: [UInt8]) { self.bytes = bytes }

    private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func skipSpace() {
      while let byte = next, SettingsEdit.isSpace(byte) { position += 1 }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
      guard next == UInt8(ascii: character) else { return false }
      position += 1
      return true
    }

    private mutating func string() -> String? {
      let start = position
      guard take("\"") else { return nil }
      while let byte = next {
        position += byte == UInt8(ascii: "\\") ? 2 : 1
        if byte == UInt8(ascii: "\"") { return SettingsEdit.decoded(bytes[start..<position]) }
      }
      return nil
    }

    /// Passes one value; the range is without the space after it.
    private mutating func value() -> Range<Int>? {
      let start = position
      var depth = 0
      while let byte = next {
        switch byte {
        case UInt8(ascii: "\""):
          guard string() != nil else { return nil }
          continue
        case UInt8(ascii: "{"), UInt8(ascii: "["): depth += 1
        case UInt8(ascii: "}"), UInt8(ascii: "]"), UInt8(ascii: ","):
          if depth == 0 {
            var end = position
            while end > start, SettingsEdit.isSpace(bytes[end - 1]) { end -= 1 }
            return end > start ? start..<end : nil
          }
          if byte != UInt8(ascii: ",") { depth -= 1 }
        default: break
        }
        position += 1
      }
      return nil
    }

    mutating func members() -> [Member]? {
      skipSpace()
      guard take("{") else { return nil }
      var members: [Member] = []
      while true {
        skipSpace()
        if members.isEmpty, take("}") { return [] }
        let start = position
        guard let key = string() else { return nil }
        skipSpace()
        guard take(":") else { return nil }
        skipSpace()
        guard let value = value() else { return nil }
        members.append(Member(start: start, key: key, value: value))
        if take("}") { return members }
        guard take(",") else { return nil }
        // Strictly this is no JSON, but it is read as such.
        skipSpace()
        if take("}") { return members }
      }
    }
  }
}

extension SettingsFile {
  /// Writes one setting into the town's file, which keeps everything else, and its mode.
  ///
  /// - Throws: ``TownFileError`` where the file cannot be read or written, or what comes out is no settings.
  /// - Returns: whether the file was changed.
  @discardableResult
  package static func set(_ key: String, to value: String, layout: TownLayout) throws(TownFileError) -> Bool {
    // A link to the file stays a link.
    let path = Disk.canonical(layout.settings) ?? layout.settings
    var old = ""
    do throws(TownFileError) {
      old = String(decoding: try Disk.read(path, limit: FileLimit.settings), as: UTF8.self)
    } catch {
      guard error.code == .missing else { throw error }
    }
    guard let new = SettingsEdit.setting(key, to: value, in: old) else {
      throw TownFileError(.malformed, path: path, reason: "it is not a JSON object")
    }
    if new == old { return false }
    try Disk.rewrite(Array(new.utf8), to: path)
    return true
  }
}
