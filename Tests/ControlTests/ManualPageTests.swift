// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing

@testable import Control

/// gastown-control(7) and the code say the same.
@Suite(.timeLimit(.minutes(1))) struct ManualPageTests {
  /// The page without fonts and escapes.
  private static let page: String = {
    let source = #filePath
    let root = source.firstRange(of: "/Tests/ControlTests/").map { source[..<$0.lowerBound] } ?? ""
    var text = TestFile.text("\(root)/packaging/man/gastown-control.7") ?? ""
    for escape in ["\\fB", "\\fI", "\\fR", "\""] { text = text.split(separator: escape).joined() }
    return text
  }()

  /// The methods as the interface describes them: what each takes, and that with what it answers.
  private static let methods: [(name: String, taken: String, whole: String)] = {
    ControlInterface.description.split(separator: "\n\n").compactMap { block in
      let lines = block.split(separator: "\n").drop { !$0.hasPrefix("method ") }
      guard let first = lines.first else { return nil }
      let whole = lines.joined(separator: "\n")
      return (
        String(first.dropFirst("method ".count).prefix { $0 != "(" }), String(whole.split(separator: "->")[0]), whole
      )
    }
  }()

  /// The words before a colon, outside of comments.
  private func names(_ definition: some StringProtocol) -> [String] {
    definition.split(separator: "\n").filter { !$0.drop { $0 == " " }.hasPrefix("#") }.flatMap { line in
      line.split { $0 == " " || $0 == "(" }.filter { $0.hasSuffix(":") }.map { String($0.dropLast()) }
    }
  }

  private func isNamed(_ word: some StringProtocol) -> Bool {
    Self.page.split { !$0.isLetter && !$0.isNumber && $0 != "_" }.contains { $0 == word }
  }

  @Test func `has every method, with all that it takes and answers`() throws {
    #expect(Set(Self.methods.map(\.name)) == Set(ControlInterface.routes.compactMap(\.shortName)))
    #expect(Self.methods.count >= 11)
    for method in Self.methods {
      let heading = try #require(
        Self.page.split(separator: "\n").first { $0.hasPrefix(".BR \(method.name) (") }, "no entry for \(method.name)")
      for name in names(method.taken) { #expect(heading.contains(name), "\(method.name) takes \(name)") }
      for name in names(method.whole) { #expect(isNamed(name), "\(method.name): \(name)") }
    }
    // What the types of replies hold, too.
    for block in ControlInterface.description.split(separator: "\n\n") where block.contains("\ntype ") {
      for name in names(block) { #expect(isNamed(name), "\(name)") }
    }
  }

  @Test func `has no method that there is not`() {
    let methods = Self.page.components(between: ".SH METHODS OF org.gastown.Daemon", and: ".SH METHODS OF org.varlink")
      .filter { $0.hasPrefix(".BR ") && $0.contains(" (") }
      .compactMap { $0.split(separator: " ").dropFirst().first.map(String.init) }
    #expect(Set(methods) == Set(ControlInterface.routes.compactMap(\.shortName)))
  }

  @Test func `has every error`() {
    let both = ControlInterface.description + ControlInterface.standardDescription
    let errors = both.split(separator: "\n").filter { $0.hasPrefix("error ") }
    #expect(errors.count >= 11)
    for error in errors {
      #expect(isNamed(error.split(separator: " ")[1]), "\(error)")
      for name in names(error) { #expect(isNamed(name), "\(error)") }
    }
  }

  @Test func `has the limits`() {
    let limits = ControlLimits()
    #expect(limits.requestBytes == 1 << 20 && Self.page.contains("1 MiB"))
    #expect(Self.page.contains("\(limits.connections) connections"))
    #expect(limits.request == .seconds(10) && limits.reply == .seconds(10) && limits.idle == .seconds(60))
    #expect(Self.page.contains("within 10 seconds") && Self.page.contains("for 60 seconds is closed"))
  }
}

extension String {
  /// The lines from the one that begins so, up to the next that begins so.
  fileprivate func components(between start: String, and end: String) -> [Substring] {
    let lines = split(separator: "\n").drop { !$0.hasPrefix(start) }.dropFirst()
    return Array(lines.prefix { !$0.hasPrefix(end) })
  }
}

extension ControlRoute {
  /// `Beat` of `org.gastown.Daemon.Beat`.
  fileprivate var shortName: String? { method.split(separator: ".").last.map(String.init) }
}
