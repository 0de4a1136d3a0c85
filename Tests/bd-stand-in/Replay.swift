// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Plays a script instead of keeping beads: `<path by which it was called>.script.json`, steps one after the
/// other, each of calls that may come in any order. A call must come exactly as the script says: its words, its
/// working directory, and its whole environment. What does not is answered by both sides, with status 97, and
/// kept in `<path>.mismatch`.
struct Replay {
  /// One call, and what it is answered.
  struct Call: Codable, Equatable {
    var arguments: [String]
    var directory: String
    var environment: [String: String]
    var output = ""
    var errors = ""
    var status: Int32 = 0
    var played = false

    func asks(_ other: Call) -> Bool {
      (arguments, directory) == (other.arguments, other.directory) && environment == other.environment
    }

    var question: String {
      let words = arguments.map(JSONText.quoted).joined(separator: " ")
      let variables = environment.sorted { $0.key < $1.key }.map { "\n  \($0.key)=\(JSONText.quoted($0.value))" }
      return "bd \(words)\n  in \(directory), with" + variables.joined()
    }
  }

  private let place: Place
  private let name: String

  /// The script of this process; `nil` where it has none, and is to keep beads.
  init?() {
    let path = CommandLine.arguments[0]
    guard let slash = path.lastIndex(of: "/") else { return nil }
    place = Place(directory: String(path[..<slash]))
    name = String(path[path.index(after: slash)...])
    guard place.has("\(name).script.json") else { return nil }
  }

  func play() -> Never {
    // What its list knows is no part of the script: that is asked once, whenever it is needed.
    if CommandLine.arguments.dropFirst() == ["list", "--help"] { Output(text: Release().help).finish() }
    do throws(Refusal) {
      try place.locked { () throws(Refusal) in try answer() }.finish()
    } catch {
      var output = Output(errors: "bd-stand-in: \(error.text)\n")
      output.status = 97
      output.finish()
    }
  }

  private func answer() throws(Refusal) -> Output {
    var steps: [[Call]]
    do {
      steps = try JSONDecoder().decode([[Call]].self, from: Data(place.read("\(name).script.json") ?? []))
    } catch {
      throw Refusal("\(name).script.json: \(error)")
    }
    var byte: UInt8 = 0
    guard Glibc.read(0, &byte, 1) == 0 else { throw try mismatch("an empty standard input", "one that is not") }
    let asked = Call(
      arguments: Array(CommandLine.arguments.dropFirst()), directory: FileManager.default.currentDirectoryPath,
      environment: ProcessInfo.processInfo.environment)
    guard let step = steps.firstIndex(where: { $0.contains { !$0.played } }) else {
      throw try mismatch("no further call", asked.question)
    }
    guard let index = steps[step].firstIndex(where: { !$0.played && $0.asks(asked) }) else {
      let open = steps[step].filter { !$0.played }.map(\.question)
      throw try mismatch(open.joined(separator: "\nor "), asked.question)
    }
    steps[step][index].played = true
    do {
      try place.write("\(name).script.json", Array(try JSONEncoder().encode(steps)))
    } catch {
      throw Refusal("\(name).script.json: \(error)")
    }
    let call = steps[step][index]
    return Output(text: call.output, errors: call.errors, status: call.status)
  }

  private func mismatch(_ expected: String, _ got: String) throws(Refusal) -> Refusal {
    let text = "EXPECTED \(expected)\nGOT      \(got)\n"
    try place.write("\(name).mismatch", (place.read("\(name).mismatch") ?? []) + Array(text.utf8))
    return Refusal(text)
  }
}
