// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
@testable import GTCommands
import TestSupport
import Testing
import TownFiles

/// The manual pages and the commands say the same.
@Suite(.timeLimit(.minutes(2))) struct ManualTests {
  private static let repository = Disk.parent(of: Disk.parent(of: Disk.parent(of: #filePath)))
  private static let pages = "\(repository)/packaging/man"

  /// A command and what is below it, as the program itself tells.
  private struct Told: Decodable {
    struct Argument: Decodable {
      struct Name: Decodable {
        var kind: String
        var name: String
      }
      var names: [Name]?
      var valueName: String?
    }
    var commandName: String
    var arguments: [Argument]?
    var subcommands: [Told]?

    /// Every command that does something, as its words and the names of its flags and options.
    var leaves: [(words: String, flags: [String])] {
      let below = (subcommands ?? []).filter { $0.commandName != "help" }
      guard below.isEmpty else {
        return below.flatMap(\.leaves).map { ("\(commandName) \($0.words)", $0.flags) }
      }
      let names = (arguments ?? []).flatMap { $0.names ?? [] }
      return [(commandName, names.map { ($0.kind == "long" ? "--" : "-") + $0.name })]
    }
  }

  private struct Answer: Decodable { var command: Told }

  private func told(_ program: String, in town: GTTown) async throws -> (json: String, command: Told) {
    let json = try await town.run(builtExecutable(program), ["--experimental-dump-help"]).output
    return (json, try JSONDecoder().decode(Answer.self, from: Data(json.utf8)).command)
  }

  /// A page as it is read: without requests, fonts and escapes.
  private func plain(_ page: String) -> String {
    var text = page
    for (escape, character) in [
      ("\\fB", ""), ("\\fI", ""), ("\\fR", ""), ("\\-", "-"), ("\\(aq", "'"), ("\\(dq", "\""), ("\\(ti", "~"),
    ] { text = text.replacing(escape, with: character) }
    return text
  }

  private func page(_ town: GTTown) async throws -> String {
    let json = try await told("gt", in: town).json
    let file = town.directory("help.json")
    TestFile.write(json, to: file)
    let result = try await town.run(
      "sh", ["-c", #""$1" "$2" <"$3""#, "sh", builtExecutable("gt-manual"), "\(Self.pages)/gt.1.in", file])
    try #require(result.succeeded, "\(result.errors)")
    return result.output
  }

  @Test func `gt(1) has a section for every command, with every flag of it`() async throws {
    try await GTTown.with(rigs: nil) { town in
      let sections = plain(try await page(town)).split(separator: "\n.SS ")
      let leaves = try await told("gt", in: town).command.leaves
      #expect(leaves.count >= 40)
      for leaf in leaves {
        let section = try #require(sections.first { $0.hasPrefix("\(leaf.words)\n") }, "\(leaf.words)")
        for flag in leaf.flags where !["--help", "-h", "--version"].contains(flag) {
          // The short ones stand beside the long ones.
          #expect(
            section.contains("\(flag)]") || section.contains("\(flag) ") || section.contains("\(flag),"),
            "\(leaf.words) \(flag)")
        }
      }
      #expect(Set(sections.dropFirst().map { $0.prefix { $0 != "\n" } }) == Set(leaves.map { $0.words[...] }))
    }
  }

  @Test(.requires(executable: "mandoc")) func `gt(1) has no fault that mandoc knows`() async throws {
    try await GTTown.with(rigs: nil) { town in
      let file = town.directory("gt.1")
      TestFile.write(try await page(town), to: file)
      let result = try await town.run("mandoc", ["-Tlint", "-W", "warning", file])
      #expect(result.succeeded, "\(result.output)\(result.errors)")
    }
  }

  @Test func `gastown-daemon(8) has every command and flag of the daemon`() async throws {
    try await GTTown.with(rigs: nil) { town in
      let page = plain(try #require(TestFile.text("\(Self.pages)/gastown-daemon.8")))
      for leaf in try await told("gastown-daemon", in: town).command.leaves {
        #expect(page.contains("\n.B \(leaf.words.dropFirst("gastown-daemon ".count))\n"), "\(leaf.words)")
        for flag in leaf.flags where !["--help", "-h", "--version"].contains(flag) {
          #expect(page.contains(flag), "\(leaf.words) \(flag)")
        }
      }
    }
  }

  /// The other direction: no page and no README tells to type what there is not.
  @Test func `every gt command in the pages and in README.md exists`() async throws {
    try await GTTown.with(rigs: nil) { town in
      let tree = try await told("gt", in: town).command
      let below = Dictionary(
        uniqueKeysWithValues: (tree.subcommands ?? []).map {
          ($0.commandName, ($0.subcommands ?? []).map(\.commandName))
        })
      var seen = 0
      for file in ["packaging/man/gt.1.in", "packaging/man/gastown-daemon.8", "packaging/man/gastown-daemon.json.5"] {
        let page = plain(try #require(TestFile.text("\(Self.repository)/\(file)")))
        for match in page.matches(of: #/\bgt ([a-z]+) ([a-z]+)\b/#) {
          guard let verbs = below[String(match.1)] else {
            #expect(match.1 == "noun", "\(file): \(match.0)")
            continue
          }
          #expect(verbs.isEmpty || verbs.contains(String(match.2)), "\(file): \(match.0)")
          seen += 1
        }
      }
      let readme = try #require(TestFile.text("\(Self.repository)/README.md"))
      for match in readme.matches(of: #/(?m)(?:`|^ +|^\$ |^)gt ([a-z]+) ([a-z]+)\b/#) {
        let verbs = try #require(below[String(match.1)], "README.md: \(match.0)")
        #expect(verbs.isEmpty || verbs.contains(String(match.2)), "README.md: \(match.0)")
        seen += 1
      }
      #expect(seen > 20)
    }
  }
}
