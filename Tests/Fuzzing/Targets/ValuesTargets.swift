// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Town

extension FuzzTarget {
  /// Times and durations, and arithmetic with them.
  static let timestamps = FuzzTarget("timestamps", longest: 256) { input, _ in
    let word = text(input)
    if let time = Timestamp(word) { try check(time) }
    if let duration = Duration(setting: word) {
      try promise("a duration is read as written", Duration(setting: duration.setting), equals: duration)
      for time in [Timestamp(nanoseconds: .min), Timestamp(seconds: 0), Timestamp(nanoseconds: .max)] {
        try check(time + duration)
        try check(time + (.zero - duration))
      }
    }
    if input.count >= 8 {
      let number = input.prefix(8).reduce(Int64(0)) { $0 << 8 | Int64($1) }
      try check(Timestamp(nanoseconds: number))
      try check(Timestamp(seconds: number))
    }
  }

  private static func check(_ time: Timestamp) throws {
    let written = time.description
    guard let read = Timestamp(written) else { throw Broken(description: "no time is read of \(written)") }
    try promise("a time is read as written", read.description, equals: written)
    try promise("to the millisecond", time - read < .milliseconds(1) && time - read >= .zero)
    let id = CrashCapsule.id(time: time, session: "gt-rig-toast")
    try promise("an id names its session", CrashCapsule.session(ofID: id), equals: "gt-rig-toast")
    _ = time - Timestamp(seconds: 0)
    _ = Timestamp(seconds: 0) - time
  }

  /// JSON of any kind: read as `JSONDecoder` reads it, but for what is deeper than is read.
  static let json = FuzzTarget("json", longest: 512) { input, _ in
    guard let value = try? JSONValue(json: input) else { return }
    guard input.count(where: { $0 == UInt8(ascii: "[") || $0 == UInt8(ascii: "{") }) <= 12, !input.contains(0) else {
      return
    }
    // Where it does not look at a value it is laxer than we are.
    if let other = try? JSONDecoder().decode(JSONValue.self, from: Data(input)) {
      try promise("JSON is read as JSONDecoder reads it: \(other)", isNear(plain(value), plain(other)))
    }
    let written = try JSONEncoder().encode(value)
    try promise("JSON is read as written", plain(try JSONValue(json: Array(written))), equals: plain(value))
  }

  /// Equal, but for the last digits of numbers, which `JSONDecoder` may have wrong.
  private static func isNear(_ one: JSONValue, _ other: JSONValue) -> Bool {
    switch (one, other) {
    case (.number(let left), .number(let right)): abs(left - right) <= 1e-12 * abs(right)
    case (.array(let left), .array(let right)): left.count == right.count && zip(left, right).allSatisfy(isNear)
    case (.object(let left), .object(let right)):
      left.count == right.count && left.allSatisfy { key, value in right[key].map { isNear(value, $0) } ?? false }
    default: one == other
    }
  }

  /// Text on its way to a terminal, to the journal, or into JSON.
  static let display = FuzzTarget("display") { input, _ in
    let whole = text(input)
    let shown = displayable(whole)
    try promise("nothing acts on a terminal", isInert(shown))
    try promise("shown twice is the same", displayable(shown), equals: shown)
    try promise("nothing is lost but what acts", shown.unicodeScalars.count, equals: whole.unicodeScalars.count)
    let line = printable(whole)
    try promise("colours and line breaks remain", isInert(withoutColours(line), except: ["\n", "\t", "\u{200D}"]))
    try promise("printed twice is the same", printable(line), equals: line)
    guard let encoded = try? JSONEncoder().encode([whole]) else { return }
    let json = printable(json: String(decoding: encoded, as: UTF8.self))
    try promise("JSON acts on no terminal", isInert(json, except: ["\n", "\t", "\u{200D}"]))
    try promise("JSON means the same", try JSONDecoder().decode([String].self, from: Data(json.utf8)), equals: [whole])
  }

  private static func withoutColours(_ text: String) -> String {
    var rest = Array(text.unicodeScalars)[...]
    var result = String.UnicodeScalarView()
    while let scalar = rest.popFirst() {
      if scalar == "\u{1B}", rest.first == "[" {
        let tail = rest.dropFirst().drop { $0 == ";" || ("0"..."9").contains($0) }
        if tail.first == "m" {
          rest = tail.dropFirst()
          continue
        }
      }
      result.append(scalar)
    }
    return String(result)
  }
}
