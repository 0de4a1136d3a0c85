// SPDX-License-Identifier: Apache-2.0

/// A setting that cannot be used: which, what stands there, and what is allowed.
package struct SettingsError: Error, Sendable, Hashable, CustomStringConvertible {
  /// The key with its path, such as `restart.max`; empty for the file as a whole.
  package var key: String
  package var reason: String

  package init(key: String, reason: String) {
    self.key = key
    self.reason = reason
  }

  package var description: String { key.isEmpty ? reason : "\(key): \(reason)" }
}

/// Takes the members of one JSON object out, one by one, and refuses what is left over: a misspelt
/// key must not be silently without effect.
struct SettingsReader {
  private let path: String
  private var members: [String: JSONValue]
  private var known: [String] = []

  init(_ value: JSONValue, path: String = "") throws(SettingsError) {
    guard let members = value.object else {
      throw SettingsError(key: path, reason: "an object is expected here, not \(value.kind)")
    }
    self.path = path
    self.members = members
  }

  func key(_ name: String) -> String { path.isEmpty ? name : "\(path).\(name)" }

  mutating func take(_ name: String) -> JSONValue? {
    known.append(name)
    return members.removeValue(forKey: name)
  }

  mutating func object(_ name: String, _ body: (inout SettingsReader) throws(SettingsError) -> Void)
    throws(SettingsError)
  {
    guard let value = take(name) else { return }
    var reader = try SettingsReader(value, path: key(name))
    try body(&reader)
    try reader.finish()
  }

  mutating func string(_ name: String) throws(SettingsError) -> String? {
    guard let value = take(name) else { return nil }
    guard let text = value.string else {
      throw SettingsError(key: key(name), reason: "a string is expected, not \(value.kind)")
    }
    return text
  }

  mutating func strings(_ name: String) throws(SettingsError) -> [String]? {
    guard let value = take(name) else { return nil }
    guard case .array(let items) = value else {
      throw SettingsError(key: key(name), reason: "an array of strings is expected, not \(value.kind)")
    }
    var result: [String] = []
    for item in items {
      guard let text = item.string else {
        throw SettingsError(key: key(name), reason: "an array of strings is expected, and it holds \(item.kind)")
      }
      if text.utf8.contains(0) { throw SettingsError(key: key(name), reason: "a NUL character is not allowed") }
      result.append(text)
    }
    return result
  }

  mutating func duration(_ name: String, atLeast: Duration, atMost: Duration = .seconds(7 * 86_400))
    throws(SettingsError)
    -> Duration?
  {
    guard let text = try string(name) else { return nil }
    guard let value = Duration(setting: text) else {
      throw SettingsError(
        key: key(name), reason: "'\(displayable(text))' is no duration: write it like 250ms, 90s, 5m, 1h30m or 7d")
    }
    guard value >= atLeast, value <= atMost else {
      throw SettingsError(key: key(name), reason: "\(text) is out of range: \(atLeast.setting) to \(atMost.setting)")
    }
    return value
  }

  mutating func size(_ name: String) throws(SettingsError) -> Int64? {
    guard let text = try string(name) else { return nil }
    guard let value = Int64(sizeSetting: text), value > 0 else {
      throw SettingsError(key: key(name), reason: "'\(displayable(text))' is no size: write it like 500M or 4G")
    }
    return value
  }

  mutating func integer(_ name: String, in range: ClosedRange<Int64>) throws(SettingsError) -> Int64? {
    guard let value = take(name) else { return nil }
    guard case .integer(let number) = value else {
      throw SettingsError(key: key(name), reason: "a whole number is expected, not \(value.kind)")
    }
    guard range.contains(number) else {
      throw SettingsError(
        key: key(name), reason: "\(number) is out of range: \(range.lowerBound) to \(range.upperBound)")
    }
    return number
  }

  mutating func number(_ name: String, in range: ClosedRange<Double>) throws(SettingsError) -> Double? {
    guard let value = take(name) else { return nil }
    let number: Double
    switch value {
    case .integer(let whole): number = Double(whole)
    case .number(let real): number = real
    default: throw SettingsError(key: key(name), reason: "a number is expected, not \(value.kind)")
    }
    guard range.contains(number) else {
      func text(_ number: Double) -> String { Int64(exactly: number).map(String.init) ?? "\(number)" }
      throw SettingsError(
        key: key(name),
        reason: "\(text(number)) is out of range: \(text(range.lowerBound)) to \(text(range.upperBound))")
    }
    return number
  }

  /// Refuses unknown keys.
  func finish() throws(SettingsError) {
    guard let stray = members.keys.sorted().first else { return }
    let near = known.map { (name: $0, changes: editDistance($0, stray)) }.min { $0.changes < $1.changes }
    // Of a short word little is left after three changes.
    let meant =
      near.map { $0.changes <= min(3, max(1, $0.name.utf8.count / 3)) ? "; did you mean \($0.name)?" : ";" } ?? ";"
    throw SettingsError(
      key: key(displayable(stray)),
      reason: "no such setting\(meant) allowed here: \(known.sorted().joined(separator: ", "))")
  }
}

extension Duration {
  /// `250ms`, `90s`, `5m`, `1h`, `7d`, or several of these, the larger unit first: `1h30m`.
  package init?(setting text: String) {
    var rest = text[...]
    var sum = Duration.zero
    var last = Units.all.startIndex
    repeat {
      let digits = rest.prefix { ("0"..."9").contains($0) }
      rest = rest.dropFirst(digits.count)
      let word = rest.prefix { $0.isLetter }
      rest = rest.dropFirst(word.count)
      guard let count = Int64(digits), count <= 1_000_000_000,
        let unit = Units.all[last...].firstIndex(where: { $0.word == word })
      else { return nil }
      sum += .milliseconds(count * Units.all[unit].milliseconds)
      last = unit + 1
    } while !rest.isEmpty
    // What is written is read again.
    guard let count = Int64(sum.setting.prefix { ("0"..."9").contains($0) }), count <= 1_000_000_000 else { return nil }
    self = sum
  }

  private enum Units {
    static let all: [(word: String, milliseconds: Int64)] = [
      ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1_000), ("ms", 1),
    ]
  }
}

extension Int64 {
  /// A number of bytes, with `K`, `M`, `G` or `T` for powers of 1024.
  fileprivate init?(sizeSetting text: String) {
    let digits = text.prefix { ("0"..."9").contains($0) }
    guard let count = Int64(digits), count <= 1_000_000_000 else { return nil }
    let shift: Int64
    switch text.dropFirst(digits.count) {
    case "": shift = 0
    case "K": shift = 10
    case "M": shift = 20
    case "G": shift = 30
    case "T": shift = 40
    default: return nil
    }
    guard count <= Int64.max >> shift else { return nil }
    self = count << shift
  }
}
