// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing

/// What keeps a build honest: the scripts that refuse one, each shown what it must refuse.
@Suite(.timeLimit(.minutes(2))) struct BuildChecksTests {
  private static let repository: String = {
    let source = #filePath
    return source.firstRange(of: "/Tests/GTCommandsTests/").map { String(source[..<$0.lowerBound]) } ?? "."
  }()

  private func check(_ script: String, _ words: [String], in directory: TemporaryDirectory) async throws
    -> CommandResult
  {
    try await directory.run("\(Self.repository)/\(script)", words)
  }

  private static let refused = [
    "g.addTask { do { return (i, .success(try await f())) } catch { return (i, .failure(error)) } }",
    "g.addTask { (i, await f()) }",
    "return (\n  index,\n  Part(name: \"a, (b\", findings: await look(at: context))\n)",
    "let (a, b) = (try await f(), 1)",
    "group.addTask { x in (index: i, text: \"\\(try await f())\") }",
  ]
  private static let accepted = [
    "g.addTask { let seen = try await f()\n return (i, .success(seen)) }",
    "result = .success(try await f())",
    "call(a, await f(), b); #expect(try await f(1, 2) == (1, 2)); (try? await f()) != nil",
    "let all = [a, try await f()]\n// (i, await f())\nlet text = \"(i, await f())\" + #\"\"(i, await f())\"#",
    "return (i, { await f() })",
    "func f(a: Int, b: Int) async -> (Int, Int) { await g() }",
  ]

  @Test(arguments: refused.map { ($0, true) } + accepted.map { ($0, false) })
  func `an await in a tuple, which -O miscompiles, is refused`(text: String, isRefused: Bool) async throws {
    try await TemporaryDirectory.with { directory in
      TestFile.write("func x() async throws {\n\(text)\n}\n", to: directory("a.swift"))
      let result = try await check("packaging/check-sources", [directory("a.swift")], in: directory)
      #expect(result.ending == .exited(isRefused ? 1 : 0), "\(result.output)\(result.errors)")
      #expect(result.output.contains("a.swift:") == isRefused, "\(result.output)")
    }
  }

  private static let asksTwice = [
    "let named = pids.\("lazy").compactMap { name(of: $0) }.first",
    "return all.\("lazy").map(\\.pid)\n  .compactMap({ name(of: $0) })\n  .first?.count",
  ]
  private static let asksOnce = [
    "let named = pids.compactMap { name(of: $0) }.first",
    "let named = pids.\("lazy").compactMap { name(of: $0) }.first { !$0.isEmpty }",
    "let named = pids.\("lazy").compactMap { name(of: $0) }.first(where: isGood)",
  ]

  @Test(arguments: asksTwice.map { ($0, true) } + asksOnce.map { ($0, false) })
  func `the first of a lazy collection, which asks twice, is refused`(text: String, isRefused: Bool) async throws {
    try await TemporaryDirectory.with { directory in
      TestFile.write("func x() {\n\(text)\n}\n", to: directory("a.swift"))
      let result = try await check("packaging/check-sources", [directory("a.swift")], in: directory)
      #expect(result.ending == .exited(isRefused ? 1 : 0), "\(result.output)\(result.errors)")
      #expect(result.output.contains("a.swift:2") == isRefused, "\(result.output)")
    }
  }

  @Test(.requires(executable: "nm")) func `a build that can be made to fail is no release`() async throws {
    try await TemporaryDirectory.with { directory in
      let tested = try await check("packaging/check-release", [Products.tested], in: directory)
      #if DEBUG
        let debug = try await check("packaging/check-release", [Products.beside], in: directory)
        #expect(debug.ending == .exited(1) && debug.errors.contains("GASTOWN_FAULT"), "\(debug.errors)")
        if Products.tested != Products.beside { #expect(tested.succeeded, "\(tested.errors)") }
      #else
        #expect(tested.succeeded, "\(tested.errors)")
      #endif
      // Programs that tell nothing are not taken for good ones.
      for name in Products.shipped { TestFile.write("", to: directory(name), mode: 0o755) }
      #expect(try await check("packaging/check-release", [directory.path], in: directory).ending == .exited(1))
    }
  }

  @Test(.requires(executable: "make")) func `make help tells of every target that is for use`() async throws {
    let text = try #require(TestFile.text("\(Self.repository)/Makefile"))
    let targets = text.split(separator: "\n").compactMap { line -> Substring? in
      line.contains(": ") && line.contains(" ## ") ? line.prefix { $0 != ":" } : nil
    }
    #expect(targets.contains("test-debian13") && targets.contains("nightly"))
    try await TemporaryDirectory.with { directory in
      let help = try await directory.run("make", ["-s", "-C", Self.repository, "help"]).output
      let told = help.split(separator: "\n").compactMap { $0.split(separator: " ").dropFirst().first }
      #expect(told == targets, "\(help)")
    }
  }
}

extension TemporaryDirectory {
  /// Runs a program with nothing of the person who runs the tests.
  fileprivate func run(_ program: String, _ words: [String]) async throws -> CommandResult {
    let environment = TestEnvironment.closed(in: self).merging(["PATH": TestEnvironment.path]) { $1 }
    return try await SystemCommandRunner(environment: environment).run(
      Command(program, words, workingDirectory: path, deadline: .seconds(60)))
  }
}
