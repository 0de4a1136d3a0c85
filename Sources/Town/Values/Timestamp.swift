// SPDX-License-Identifier: Apache-2.0

/// A moment of the wall clock: nanoseconds since 1970-01-01T00:00:00Z, without leap seconds.
package struct Timestamp: Sendable, Hashable, Comparable {
  package var nanoseconds: Int64

  package init(nanoseconds: Int64) { self.nanoseconds = nanoseconds }

  /// - Parameter seconds: since 1970; what lies beyond the first or the last moment that there is, is that moment.
  package init(seconds: Int64) {
    nanoseconds = Timestamp.clamped(
      seconds.multipliedReportingOverflow(by: 1_000_000_000), isNegative: seconds < 0)
  }

  /// The first and the last moment that there is. Arithmetic ends there, as a time in a bead must not be able to end
  /// the daemon.
  private static func clamped(_ value: (partialValue: Int64, overflow: Bool), isNegative: Bool) -> Int64 {
    value.overflow ? (isNegative ? .min : .max) : value.partialValue
  }

  /// This time in whole milliseconds, rounded down: what the ledger, a history and all other files of ours keep of it.
  /// A time that was read from a file is compared with this, as the time itself may be some microseconds later.
  package var inMilliseconds: Timestamp {
    Timestamp(nanoseconds: nanoseconds.flooredDivision(by: 1_000_000).quotient * 1_000_000)
  }

  package static func < (left: Timestamp, right: Timestamp) -> Bool { left.nanoseconds < right.nanoseconds }

  /// The time from `right` to `left`; negative when `left` is the earlier.
  package static func - (left: Timestamp, right: Timestamp) -> Duration {
    let difference = left.nanoseconds.subtractingReportingOverflow(right.nanoseconds)
    return .nanoseconds(clamped(difference, isNegative: left < right))
  }

  package static func + (left: Timestamp, right: Duration) -> Timestamp {
    let (seconds, attoseconds) = right.components
    let isNegative = right < .zero
    let whole = clamped(seconds.multipliedReportingOverflow(by: 1_000_000_000), isNegative: isNegative)
    let exact = clamped(whole.addingReportingOverflow(attoseconds / 1_000_000_000), isNegative: isNegative)
    return Timestamp(nanoseconds: clamped(left.nanoseconds.addingReportingOverflow(exact), isNegative: isNegative))
  }
}

extension Timestamp: CustomStringConvertible, LosslessStringConvertible {
  /// Reads RFC 3339 in any offset, with up to 9 fractional digits (more are cut off), as `bd` and
  /// the original write it. `nil` for anything else, and for years in which there is no moment.
  package init?(_ text: String) {
    var reader = Reader(bytes: Array(text.utf8))
    guard let year = reader.number(digits: 4), reader.skip("-"),
      let month = reader.number(digits: 2), (1...12).contains(month), reader.skip("-"),
      let day = reader.number(digits: 2), (1...31).contains(day),
      reader.skip("T") || reader.skip("t") || reader.skip(" "),
      let hour = reader.number(digits: 2), hour < 24, reader.skip(":"),
      let minute = reader.number(digits: 2), minute < 60, reader.skip(":"),
      let second = reader.number(digits: 2), second <= 60,
      (1677...2262).contains(year)
    else { return nil }
    guard let fraction = reader.fraction(), let offset = reader.offset(), reader.atEnd else { return nil }
    let days = Timestamp.days(year: year, month: month, day: day)
    // The calendar's own answer to a 30th of February would be another day.
    guard Timestamp.date(days: days) == (year, month, day) else { return nil }
    let seconds = days * 86_400 + hour * 3_600 + minute * 60 + second - offset
    // Of the first and of the last year only a part is there.
    self.init(nanoseconds: Int64(clamping: Int128(seconds) * 1_000_000_000 + Int128(fraction)))
  }

  /// RFC 3339 in UTC, with milliseconds where there are any: `2026-11-22T11:59:52.170Z`.
  package var description: String {
    let (seconds, remainder) = nanoseconds.flooredDivision(by: 1_000_000_000)
    let (days, ofDay) = seconds.flooredDivision(by: 86_400)
    let (year, month, day) = Timestamp.date(days: days)
    let time = "\(padded(ofDay / 3_600, 2)):\(padded(ofDay / 60 % 60, 2)):\(padded(ofDay % 60, 2))"
    let milliseconds = remainder / 1_000_000
    let fraction = milliseconds == 0 ? "" : ".\(padded(milliseconds, 3))"
    return "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))T\(time)\(fraction)Z"
  }
}

extension Timestamp: Codable {
  package init(from decoder: any Decoder) throws {
    let container = try decoder.singleValueContainer()
    let text = try container.decode(String.self)
    guard let value = Timestamp(text) else {
      throw DecodingError.dataCorruptedError(in: container, debugDescription: "'\(text)' is not an RFC 3339 time")
    }
    self = value
  }

  package func encode(to encoder: any Encoder) throws {
    var container = encoder.singleValueContainer()
    try container.encode(description)
  }
}

// The civil calendar, after Howard Hinnant's "chrono-compatible low-level date algorithms".
extension Timestamp {
  private static func days(year: Int64, month: Int64, day: Int64) -> Int64 {
    let shifted = month <= 2 ? year - 1 : year
    let (era, ofEra) = shifted.flooredDivision(by: 400)
    let ofYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
    return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
  }

  private static func date(days: Int64) -> (year: Int64, month: Int64, day: Int64) {
    let (era, ofEra) = (days + 719_468).flooredDivision(by: 146_097)
    let yearOfEra = (ofEra - ofEra / 1_460 + ofEra / 36_524 - ofEra / 146_096) / 365
    let ofYear = ofEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shifted = (5 * ofYear + 2) / 153
    let month = shifted < 10 ? shifted + 3 : shifted - 9
    return (yearOfEra + era * 400 + (month <= 2 ? 1 : 0), month, ofYear - (153 * shifted + 2) / 5 + 1)
  }
}

/// Reads the pieces of a timestamp from bytes.
private struct Reader {
  let bytes: [UInt8]
  var position = 0

  init(bytes: [UInt8]) { self.bytes = bytes }

  var atEnd: Bool { position == bytes.count }

  mutating func skip(_ character: Unicode.Scalar) -> Bool {
    guard position < bytes.count, bytes[position] == UInt8(ascii: character) else { return false }
    position += 1
    return true
  }

  mutating func digit() -> Int64? {
    guard position < bytes.count, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(bytes[position]) else { return nil }
    defer { position += 1 }
    return Int64(bytes[position] - UInt8(ascii: "0"))
  }

  mutating func number(digits: Int) -> Int64? {
    var value: Int64 = 0
    for _ in 0..<digits {
      guard let next = digit() else { return nil }
      value = value * 10 + next
    }
    return value
  }

  /// Nanoseconds after the second; 0 where no fraction is written.
  mutating func fraction() -> Int64? {
    guard skip(".") else { return 0 }
    guard var value = digit() else { return nil }
    var digits = 1
    while let next = digit() {
      if digits < 9 {
        value = value * 10 + next
        digits += 1
      }
    }
    while digits < 9 {
      value *= 10
      digits += 1
    }
    return value
  }

  /// Seconds east of UTC.
  mutating func offset() -> Int64? {
    if skip("Z") || skip("z") { return 0 }
    let sign: Int64
    if skip("+") { sign = 1 } else if skip("-") { sign = -1 } else { return nil }
    guard let hours = number(digits: 2), hours < 24, skip(":"), let minutes = number(digits: 2), minutes < 60
    else { return nil }
    return sign * (hours * 3_600 + minutes * 60)
  }
}

extension Int64 {
  /// Quotient rounded down and the remainder, which is never negative.
  fileprivate func flooredDivision(by divisor: Int64) -> (quotient: Int64, remainder: Int64) {
    let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
    return remainder < 0 ? (quotient - 1, remainder + divisor) : (quotient, remainder)
  }
}

private func padded(_ value: Int64, _ width: Int) -> String {
  let digits = String(value)
  return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
