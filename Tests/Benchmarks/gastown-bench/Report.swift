// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials

/// From the JSON of a run to the pages of the documentation.
enum Report {
  private static let begin = "<!-- begin: written by make bench -->\n"
  private static let end = "<!-- end -->"

  static func read(_ path: String) throws -> Results {
    guard let data = FileManager.default.contents(atPath: path) else { throw Problem("\(path) cannot be read") }
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    return try decoder.decode(Results.self, from: data)
  }

  /// Replaces the table of `benchmarks.md`, and `benchmarks.svg`.
  static func write(_ results: Results, into directory: String) throws {
    let page = "\(directory)/benchmarks.md"
    guard let data = FileManager.default.contents(atPath: page) else { throw Problem("\(page) cannot be read") }
    let text = String(decoding: data, as: UTF8.self)
    guard let first = text.firstRange(of: begin), let last = text.firstRange(of: end) else {
      throw Problem("\(page) has no place for the table: '\(begin)' and '\(end)'")
    }
    let table = Table(results).markdown()
    try save(text[..<first.upperBound] + "\n" + table + "\n\n" + text[last.lowerBound...], to: page)
    try save(Picture(results).svg(), to: "\(directory)/benchmarks.svg")
  }

  private static func save(_ text: some StringProtocol, to path: String) throws {
    try Data(text.utf8).write(to: URL(filePath: path), options: .atomic)
  }
}
