// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
@testable import Town

/// The settings, their listing and their manual page say the same.
@Suite struct SettingsListingTests {
  /// A file in which everything is other than built in.
  private static let file: JSONValue = .object([
    "agents": .object([
      "default": .object(["command": .array([.string("codex"), .string("-x")]), "begin": .string("Go.")]),
      "polecat": .object([
        "resume": .array([.string("--continue")]), "memory_max": .string("3G"), "tasks_max": .integer(77),
      ]),
    ]),
    "tmux_socket": .string("mine"), "beads": .string("sqlite"),
    "heartbeat": .object([
      "active": .string("4m"), "quiet": .string("9m"), "idle": .string("29m"), "dormant": .string("59m"),
    ]),
    "checks": .object([
      "stale": .string("16m"), "gupp": .string("31m"), "spawning": .string("6m"), "spawn_prune": .string("7m"),
      "lifecycle_age": .string("5h"), "ready": .string("90s"), "mass_share": .number(0.25),
      "mass_window": .string("1500ms"), "disk_free": .string("700M"), "memory_pressure": .number(55.5),
    ]),
    "restart": .object([
      "initial": .string("2s"), "max": .string("4m"), "loop_count": .integer(6), "loop_window": .string("14m"),
      "probe": .string("11m"), "stable": .string("12m"), "per_minute": .integer(31), "stagger": .string("300ms"),
    ]),
    "deadlines": .object(["tmux": .string("4s"), "bd": .string("21s"), "git": .string("11s")]),
    "notify": .array([.string("say"), .string("it")]),
  ])

  @Test func `what is listed, written into a file, is the same settings`() throws {
    for settings in [TownSettings(), try TownSettings(json: Self.file)] {
      let listing = SettingsListing(settings, file: nil, tmuxSocket: nil)
      #expect(try TownSettings(json: listing.json) == settings)
    }
    #expect(try TownSettings(json: Self.file) != TownSettings())
  }

  @Test func `each says where it comes from`() throws {
    let listing = SettingsListing(try TownSettings(json: Self.file), file: Self.file, tmuxSocket: "/other")
    func source(_ key: String) -> SettingsListing.Source? { listing.entries.first { $0.key == key }?.source }
    #expect(source("restart.max") == .file && source("agents.polecat.memory_max") == .file)
    #expect(source("agents.polecat.command") == .agentsDefault && source("agents.crew.resume") == .builtIn)
    #expect(source("tmux_socket") == .environment)
    #expect(listing.entries.first { $0.key == "tmux_socket" }?.value == .string("/other"))
    let bare = SettingsListing(TownSettings(), file: nil, tmuxSocket: nil)
    #expect(bare.entries.allSatisfy { $0.source == .builtIn })
  }

  @Test func `each is in the manual page, with what is built in`() throws {
    let source = #filePath
    let end = try #require(source.firstRange(of: "/Tests/"))
    let page = try #require(TestFile.text("\(source[..<end.lowerBound])/packaging/man/gastown-daemon.json.5"))
    for entry in SettingsListing(TownSettings(), file: nil, tmuxSocket: nil).entries {
      let name = entry.key.hasPrefix("agents.") ? String(entry.key.split(separator: ".")[2]) : entry.key
      let line = page.split(separator: "\n").first { $0.hasPrefix(".BR \(name) ") }
      guard let line else {
        Issue.record("\(name) is not in the page")
        continue
      }
      if case .string(let text) = entry.value, entry.key != "beads" {
        #expect(line.contains("\\(dq\(text)\\(dq"), "\(name): \(text) is not in \(line)")
      }
    }
  }

  @Test(
    arguments: [
      (.zero, "0s"), (.seconds(604_800), "7d"), (.milliseconds(250), "250ms"), (.milliseconds(1_500), "1500ms"),
      (.seconds(90), "90s"),
      (.seconds(300), "5m"), (.seconds(7_200), "2h"),
    ] as [(Duration, String)])
  func `a duration is written as it is read`(duration: Duration, text: String) {
    #expect(duration.setting == text && Duration(setting: text) == duration)
  }

  @Test(arguments: ["100000s", "99999s", "7ms", "1500ms", "90s", "604800s", "168h", "0ms", "999999999ms"])
  func `a duration is listed as what it is, however its quotient is rounded`(text: String) throws {
    let duration = try #require(Duration(setting: text))
    #expect(Duration(setting: duration.setting) == duration)
    #expect(Duration.seconds(100_000).setting == "100000s" && Duration.seconds(Int64.max).wholeMilliseconds == .max)
  }
}
