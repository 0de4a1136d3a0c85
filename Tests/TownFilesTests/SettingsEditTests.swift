// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Town
import TownFiles
import Glibc

/// One setting is written into a person's file.
@Suite struct SettingsEditTests {
  @Test(arguments: [
    ("", "{\n  \"k\": \"v\"\n}\n"),
    ("{}", #"{"k": "v"}"#),
    (" { \n }\n", " {\"k\": \"v\"}\n"),
    (#"{"a": 1}"#, #"{"k": "v", "a": 1}"#),
    (
      "{\n    \"a\": [1, {\"k\": 2}],\n    \"b\": {\"k\": \"}\"}\n}\n\n",
      "{\n    \"k\": \"v\",\n    \"a\": [1, {\"k\": 2}],\n    \"b\": {\"k\": \"}\"}\n}\n\n"
    ),
    ("{\t\"a\":\"\\\"k\\\": {\"}", "{\t\"k\": \"v\",\t\"a\":\"\\\"k\\\": {\"}"),
    (#"{"a":1,"k" : "w" ,"b":2}"#, #"{"a":1,"k" : "v" ,"b":2}"#),
    (#"{"k":null}"#, #"{"k":"v"}"#),
    (#"{"k": {"x": [1, "]"]}}"#, #"{"k": "v"}"#),
    (#"{"größe": "ß", "k": ""}"#, #"{"größe": "ß", "k": "v"}"#),
    (#"{"k": 1, "\u006b": [2], "a": 3, "k": 4}"#, #"{"k": "v", "\u006b": "v", "a": 3, "k": "v"}"#),
    (#"{"a": 1, }"#, #"{"k": "v", "a": 1, }"#),
  ])
  func `nothing else changes`(before: String, after: String) {
    let edited = SettingsEdit.setting("k", to: "v", in: before)
    #expect(edited == after)
    // Twice is once.
    #expect(edited.flatMap { SettingsEdit.setting("k", to: "v", in: $0) } == after)
  }

  @Test(arguments: ["[]", "x", "{", #"{"a"}"#, #"{"a": }"#, #"{"a": "b}"#, #"{"a": 1 "b": 2"#])
  func `what is no object is refused`(text: String) {
    #expect(SettingsEdit.setting("k", to: "v", in: text) == nil)
  }

  @Test func `a value is written so that it is read as it was meant`() async throws {
    let value = "/a \"b\"\\c\td"
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      directory.makeDirectory("mayor")
      TestFile.write(#"{"beads": "sqlite"}"#, to: directory("mayor/daemon.json"), mode: 0o644)
      directory.makeDirectory("linked/mayor")
      let link = TownLayout(root: directory("linked"))
      #expect(symlink(directory("mayor/daemon.json"), link.settings) == 0)
      #expect(try SettingsFile.set("tmux_socket", to: value, layout: link))
      #expect(try !SettingsFile.set("tmux_socket", to: value, layout: layout))
      let settings = try SettingsFile.load(layout: layout)
      #expect(settings.tmuxSocket == value && settings.store == .sqlite)
      var status = stat()
      #expect(Disk.isLink(link.settings) && stat(layout.settings, &status) == 0)
      #expect(status.st_mode & 0o777 == 0o644)
    }
  }
}
