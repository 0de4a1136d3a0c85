// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// The beads of one `.beads` directory.
struct Database: Codable {
  var prefix = "gt"
  var beads: [Record] = []

  static func load(_ place: Place) throws(Refusal) -> Database {
    guard let bytes = place.read("stand-in.json") else { return Database() }
    do {
      return try JSONDecoder().decode(Database.self, from: Data(bytes))
    } catch {
      throw Refusal("failed to open database: \(error)")
    }
  }

  func save(_ place: Place) throws(Refusal) {
    do {
      try place.write("stand-in.json", Array(try JSONEncoder().encode(self)))
    } catch let refusal as Refusal {
      throw refusal
    } catch {
      throw Refusal("\(error)")
    }
    // As bd 0.41 does it: where there is no issues.jsonl, another file of that kind is taken for it.
    let export = ["issues.jsonl", "beads.jsonl", "routes.jsonl"].first { place.has($0) } ?? "issues.jsonl"
    let lines = beads.filter { !$0.ephemeral }.sorted { $0.id < $1.id }.map { JSONText.line($0.members(shared: true)) }
    try place.write(export, Array(lines.joined().utf8))
  }

  /// The bead that `text` names: exactly, or as the beginning of one id, with the prefix or without.
  func resolve(_ text: String) throws(Refusal) -> Int {
    for candidate in [text, "\(prefix)-\(text)"] {
      if let index = beads.firstIndex(where: { $0.id == candidate }) { return index }
    }
    let full = text.hasPrefix("\(prefix)-") ? text : "\(prefix)-\(text)"
    let matches = beads.indices.reversed().filter { beads[$0].id.hasPrefix(full) && beads[$0].status != "tombstone" }
    if matches.count == 1 { return matches[0] }
    guard matches.isEmpty else {
      let ids = matches.map { beads[$0].id }.joined(separator: " ")
      throw Refusal(
        "ambiguous ID \"\(text)\" matches \(matches.count) issues: [\(ids)]\nUse more characters to disambiguate")
    }
    throw Refusal("no issue found matching \"\(text)\"")
  }

  func freeID() -> String {
    let alphabet = Array("0123456789abcdefghijklmnopqrstuvwxyz")
    while true {
      let id = "\(prefix)-" + String((0..<3).map { _ in alphabet[Int.random(in: 0..<36)] })
      if !beads.contains(where: { $0.id == id }) { return id }
    }
  }

  /// A time without what follows the seconds.
  static func wholeSeconds(_ time: String) -> String {
    guard let point = time.firstIndex(of: "."), let zone = time[point...].firstIndex(where: { "Z+-".contains($0) })
    else {
      return time
    }
    return String(time[..<point] + time[zone...])
  }

  /// The time as Go writes it: nanoseconds without the trailing zeros, in the zone of `TZ`.
  static func now() -> String {
    var time = timespec()
    clock_gettime(CLOCK_REALTIME, &time)
    var parts = tm()
    tzset()
    localtime_r(&time.tv_sec, &parts)
    func padded(_ number: Int, _ width: Int) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    var fraction = padded(time.tv_nsec, 9)
    while fraction.hasSuffix("0") { fraction.removeLast() }
    let date =
      "\(padded(Int(parts.tm_year) + 1900, 4))-\(padded(Int(parts.tm_mon) + 1, 2))-\(padded(Int(parts.tm_mday), 2))"
    let clock = "\(padded(Int(parts.tm_hour), 2)):\(padded(Int(parts.tm_min), 2)):\(padded(Int(parts.tm_sec), 2))"
    let offset = parts.tm_gmtoff / 60
    let zone =
      offset == 0 ? "Z" : "\(offset < 0 ? "-" : "+")\(padded(abs(offset) / 60, 2)):\(padded(abs(offset) % 60, 2))"
    return "\(date)T\(clock)\(fraction.isEmpty ? "" : "." + fraction)\(zone)"
  }
}
