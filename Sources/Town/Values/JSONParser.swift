// SPDX-License-Identifier: Apache-2.0

/// Text that is no JSON, or deeper than is read.
package struct JSONError: Error, Sendable, Hashable, CustomStringConvertible {
  package var reason: String
  /// The line, from 1.
  package var line: Int
  /// The byte in that line, from 1.
  package var column: Int

  package var description: String { "\(reason), at line \(line), column \(column)" }
}

extension JSONValue {
  /// The deepest nesting that is read.
  package static let deepest = 64

  /// Reads a JSON text, in time that grows with its length alone. `JSONDecoder` asks of each value what it is not
  /// before what it is, and tells each time where: a thousand brackets, which an agent can write, take it seconds.
  ///
  /// Of a key that an object has twice the first counts, a comma may stand behind the last member, and a whole number is an
  /// integer however it is written, all as `JSONDecoder` has it.
  ///
  /// - Throws: ``JSONError``
  package init(json bytes: [UInt8]) throws(JSONError) {
    var parser = JSONParser(bytes: bytes)
    self = try parser.document()
  }
}

private struct JSONParser {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  private var next: UInt8? { position < bytes.count ? bytes[position] : nil }

  private func failure(_ reason: String) -> JSONError {
    let before = bytes.prefix(position)
    let start = before.lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
    return JSONError(
      reason: reason, line: before.count { $0 == 0x0A } + 1, column: position - start + 1)
  }

  mutating func document() throws(JSONError) -> JSONValue {
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { position = 3 }
    let value = try value(depth: 0)
    skipSpace()
    guard position == bytes.count else { throw failure("something follows the value") }
    return value
  }

  private mutating func skipSpace() {
    while let byte = next, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
  }

  private mutating func take(_ character: Unicode.Scalar) -> Bool {
    guard next == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  private mutating func value(depth: Int) throws(JSONError) -> JSONValue {
    guard depth <= JSONValue.deepest else { throw failure("it is nested deeper than \(JSONValue.deepest) levels") }
    skipSpace()
    switch next {
    case UInt8(ascii: "{")?: return try object(depth: depth)
    case UInt8(ascii: "[")?: return try array(depth: depth)
    case UInt8(ascii: "\"")?: return .string(try string())
    case UInt8(ascii: "t")?: return try word("true", .bool(true))
    case UInt8(ascii: "f")?: return try word("false", .bool(false))
    case UInt8(ascii: "n")?: return try word("null", .null)
    case UInt8(ascii: "-")?, (UInt8(ascii: "0")...UInt8(ascii: "9"))?: return try number()
    case nil: throw failure("it ends too early")
    default: throw failure("a value is expected")
    }
  }

  private mutating func word(_ word: String, _ value: JSONValue) throws(JSONError) -> JSONValue {
    guard bytes[position...].starts(with: word.utf8) else { throw failure("a value is expected") }
    position += word.utf8.count
    return value
  }

  private mutating func array(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var values: [JSONValue] = []
    while true {
      skipSpace()
      if take("]") { return .array(values) }
      values.append(try value(depth: depth + 1))
      skipSpace()
      if !take(","), next != UInt8(ascii: "]") { throw failure("',' or ']' is expected") }
    }
  }

  private mutating func object(depth: Int) throws(JSONError) -> JSONValue {
    position += 1
    var members: [String: JSONValue] = [:]
    while true {
      skipSpace()
      if take("}") { return .object(members) }
      guard next == UInt8(ascii: "\"") else { throw failure("a key is expected") }
      let key = try string()
      skipSpace()
      guard take(":") else { throw failure("':' is expected") }
      let value = try value(depth: depth + 1)
      if members[key] == nil { members[key] = value }
      skipSpace()
      if !take(","), next != UInt8(ascii: "}") { throw failure("',' or '}' is expected") }
    }
  }

  private mutating func number() throws(JSONError) -> JSONValue {
    let start = position
    _ = take("-")
    if !take("0") { try digits() }
    if take(".") { try digits() }
    if take("e") || take("E") {
      if !take("+") { _ = take("-") }
      try digits()
    }
    let text = String(decoding: bytes[start..<position], as: UTF8.self)
    if let whole = Int64(text) { return .integer(whole) }
    guard let real = Double(text), real.isFinite else { throw failure("\(text.prefix(40)) is out of range") }
    return Int64(exactly: real).map { .integer($0) } ?? .number(real)
  }

  private mutating func digits() throws(JSONError) {
    let start = position
    while let byte = next, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) { position += 1 }
    guard position > start else { throw failure("a digit is expected") }
  }

  private mutating func string() throws(JSONError) -> String {
    position += 1
    var content: [UInt8] = []
    var start = position
    while let byte = next {
      switch byte {
      case UInt8(ascii: "\""):
        content += bytes[start..<position]
        guard let text = String(validating: content, as: UTF8.self) else { throw failure("a string is not UTF-8") }
        position += 1
        return text
      case UInt8(ascii: "\\"):
        content += bytes[start..<position]
        position += 1
        content += try escape()
        start = position
      case 0..<0x20: throw failure("a control character stands in a string")
      default: position += 1
      }
    }
    throw failure("a string has no end")
  }

  private mutating func escape() throws(JSONError) -> [UInt8] {
    defer { position += 1 }
    switch next {
    case UInt8(ascii: "\"")?, UInt8(ascii: "\\")?, UInt8(ascii: "/")?: return [bytes[position]]
    case UInt8(ascii: "b")?: return [0x08]
    case UInt8(ascii: "f")?: return [0x0C]
    case UInt8(ascii: "n")?: return [0x0A]
    case UInt8(ascii: "r")?: return [0x0D]
    case UInt8(ascii: "t")?: return [0x09]
    case UInt8(ascii: "u")?: break
    default: throw failure("there is no such escape")
    }
    var code = try unit()
    if 0xD800..<0xDC00 ~= code {
      position += 1
      guard take("\\"), next == UInt8(ascii: "u") else { throw failure("half a character is escaped") }
      let low = try unit()
      guard 0xDC00..<0xE000 ~= low else { throw failure("half a character is escaped") }
      code = 0x10000 + (code - 0xD800) << 10 + (low - 0xDC00)
    }
    guard let scalar = Unicode.Scalar(code) else { throw failure("half a character is escaped") }
    return Array(String(Character(scalar)).utf8)
  }

  /// Four hexadecimal digits behind a `u`; the position is then at the last of them.
  private mutating func unit() throws(JSONError) -> UInt32 {
    var value: UInt32 = 0
    for _ in 0..<4 {
      position += 1
      guard let digit = next.flatMap({ Character(Unicode.Scalar($0)).hexDigitValue }) else {
        throw failure("four hexadecimal digits are expected")
      }
      value = value << 4 | UInt32(digit)
    }
    return value
  }
}
