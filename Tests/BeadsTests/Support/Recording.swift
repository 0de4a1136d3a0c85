// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// One command of the real `bd`, and what it printed.
struct Recording: CustomTestStringConvertible {
  var name: String
  /// The command's words, without the variables in front.
  var words: [String]
  var variables: [String: String] = [:]
  /// Where the command was run, when not in the town's root.
  var directory: String?
  var status: Int32
  var output: String
  var errors: String

  var testDescription: String { name }
  var outputBytes: [UInt8] { Array(output.utf8) }

  static var directory: URL { Bundle.module.bundleURL.appending(path: "Recordings") }

  static func named(_ path: String) throws -> Recording {
    let text = try String(contentsOf: directory.appending(path: path + ".txt"), encoding: .utf8)
    return try #require(Recording(name: path, text: text))
  }

  /// The recordings of one folder, in the order in which they were made.
  static func all(in folder: String) throws -> [Recording] {
    try FileManager.default.contentsOfDirectory(atPath: directory.appending(path: folder).path)
      .filter { $0.hasSuffix(".txt") }.sorted().map { try named("\(folder)/\($0.dropLast(4))") }
  }

  init?(name: String, text: String) {
    guard let out = text.range(of: "\n--- stdout\n"), let err = text.range(of: "--- stderr\n", options: .backwards),
      let status = text.firstMatch(of: /\[exit (\d+)\]/), text.hasPrefix("$ "), let first = text.firstIndex(of: "\n")
    else { return nil }
    self.name = name
    self.status = Int32(status.1) ?? -1
    output = String(text[out.upperBound..<err.lowerBound])
    errors = String(text[err.upperBound...])
    words = ShellWords.split(String(text[..<first].dropFirst(2)))
    if words.first == "env" { words.removeFirst() }
    while let word = words.first {
      if word == "-C", words.count > 1 {
        directory = words[1]
        words.removeFirst(2)
      } else if let equals = word.firstIndex(of: "="), word[..<equals].allSatisfy({ $0.isUppercase || $0 == "_" }) {
        variables[String(word[..<equals])] = String(word[word.index(after: equals)...])
        words.removeFirst()
      } else {
        break
      }
    }
  }
}

/// Words as bash's `printf %q` quotes them.
enum ShellWords {
  static func split(_ line: String) -> [String] {
    var words: [String] = []
    var word: String?
    var rest = Array(line)[...]
    while let character = rest.popFirst() {
      switch character {
      case " ":
        if let done = word { words.append(done) }
        word = nil
      case "\\":
        word = (word ?? "") + String(rest.popFirst().map { [$0] } ?? [])
      case "'":
        word = word ?? ""
        while let inner = rest.popFirst(), inner != "'" { word?.append(inner) }
      case "$" where rest.first == "'":
        rest.removeFirst()
        word = word ?? ""
        while let inner = rest.popFirst(), inner != "'" {
          guard inner == "\\", let escaped = rest.popFirst() else {
            word?.append(inner)
            continue
          }
          word?.append(escaped == "n" ? "\n" : escaped == "t" ? "\t" : escaped)
        }
      default:
        word = (word ?? "") + String(character)
      }
    }
    if let done = word { words.append(done) }
    return words
  }
}
