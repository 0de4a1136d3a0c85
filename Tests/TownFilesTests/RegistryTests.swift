// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Town
import TownFiles

/// `mayor/rigs.json` and `mayor/daemon.json`.
@Suite struct RegistryTests {
  private let time = Timestamp(seconds: 1_800_000_000)

  private func with(_ text: String?, _ body: (TownLayout, RigRegistry) throws -> Void) async throws {
    try await TemporaryDirectory.with { directory in
      directory.makeDirectory("mayor")
      let layout = TownLayout(root: directory.path)
      if let text { TestFile.write(text, to: layout.registry) }
      try body(layout, RigRegistry(layout: layout))
    }
  }

  @Test func `the registered rigs are read in order, with their age where it is known`() async throws {
    let text = #"{"version":1,"rigs":{"b":{"added_at":"2026-01-01T00:00:00.123456789+01:00"},"a":{},"c":null}}"#
    try await with(text) { _, registry in
      try #expect(registry.rigs().map(\.name) == ["a", "b", "c"])
      try #expect(registry.rigs()[1].addedAt == Timestamp("2025-12-31T23:00:00.123456789Z"))
    }
  }

  @Test(arguments: [nil, "{}", #"{"version":1}"#, #"{"rigs":null}"#, #"{"rigs":{}}"#])
  func `a town without rigs has none`(text: String?) async throws {
    try await with(text) { _, registry in try #expect(registry.rigs().isEmpty) }
  }

  @Test(arguments: [#"{"version":1,"rigs":{"a":{"git_u"#, "", "[]", #"{"rigs":[]}"#, #"{"rigs":"a"}"#, "null"])
  func `a registry that makes no sense is an error, and is not written over`(text: String) async throws {
    try await with(text) { layout, registry in
      for body in [{ _ = try registry.rigs() }, { try registry.add("b", git: nil, at: time) }] as [() throws -> Void] {
        let error = #expect(throws: TownFileError.self) { try body() }
        #expect(error?.path == layout.registry && error?.code == .malformed)
      }
      #expect(TestFile.text(layout.registry) == text)
      try #expect(Disk.names(in: layout.path("mayor")) == ["rigs.json"])
    }
  }

  @Test func `adding a rig keeps what other tools wrote, and one that is there is refused`() async throws {
    let text = #"{"version":3,"theme":{"x":[1,2.5,true,null,"é"]},"rigs":{"a":{"prefix":"ax","n":12345678901}}}"#
    try await with(text) { layout, registry in
      try registry.add("b", git: "git@host:b", at: time)
      let document = try Disk.readJSON(JSONValue.self, from: layout.registry).object
      #expect(document?["version"] == .integer(3))
      #expect(
        document?["theme"] == .object(["x": .array([.integer(1), .number(2.5), .bool(true), .null, .string("é")])]))
      #expect(document?["rigs"]?.object?["a"] == .object(["prefix": .string("ax"), "n": .integer(12_345_678_901)]))
      try #expect(registry.rigs() == [Rig(name: "a"), Rig(name: "b", addedAt: time)])
      let before = TestFile.text(layout.registry)
      #expect(throws: TownFileError.self) { try registry.add("a", git: nil, at: time) }
      #expect(TestFile.text(layout.registry) == before)
    }
  }

  @Test func `the first rig makes the file`() async throws {
    try await with(nil) { layout, registry in
      try registry.add("a", git: nil, at: time)
      try #expect(Disk.readJSON(JSONValue.self, from: layout.registry).object?["version"] == .integer(1))
      try #expect(registry.rigs() == [Rig(name: "a", addedAt: time)])
    }
  }

  @Test(arguments: [
    (#"{"heartbeat":{"active":"soon"}}"#, ["heartbeat.active", "5m"]), (#"{"heart":{}}"#, ["heart", "heartbeat"]),
    (#"{"beads":"#, ["JSON"]), ("[]", ["an object"]),
  ])
  func `an error in the settings names the file, the key and what is allowed`(text: String, words: [String])
    async throws
  {
    try await with(nil) { layout, _ in
      TestFile.write(text, to: layout.settings)
      let error = #expect(throws: TownFileError.self) { try SettingsFile.load(layout: layout) }
      for word in words + [layout.settings] { #expect(error?.description.contains(word) == true) }
    }
  }

  @Test func `settings are read, and are the defaults where there is no file`() async throws {
    try await with(nil) { layout, _ in
      try #expect(SettingsFile.load(layout: layout) == TownSettings())
      TestFile.write(#"{"beads":"bd"}"#, to: layout.settings)
      try #expect(SettingsFile.load(layout: layout).store == .bd)
    }
  }
}
