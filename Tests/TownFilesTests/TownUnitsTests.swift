// SPDX-License-Identifier: Apache-2.0

import Commands
import Processes
import TestSupport
import Testing
import TownFiles

/// The units of a town, by name, and which of them a town has.
@Suite(.timeLimit(.minutes(1))) struct TownUnitsTests {
  private static let paths = [
    ("/home/ada/gt", "home-ada-gt"), ("/", "-"), ("/a b", #"a\x20b"#), ("/my-town", #"my\x2dtown"#),
    ("/.hidden/.x", #"\x2ehidden-.x"#), ("/größe", #"gr\xc3\xb6\xc3\x9fe"#), (#"/a\b"#, #"a\x5cb"#),
    ("/a:b_c.d", "a:b_c.d"), ("/100%/$x", #"100\x25-\x24x"#), ("/it's;", #"it\x27s\x3b"#), ("/a\nb", #"a\x0ab"#),
  ]

  @Test(arguments: paths) func `an instance is the path, escaped`(path: String, instance: String) {
    #expect(UnitEscaping.instance(ofPath: path) == instance)
  }

  @Test(.requires(executable: "systemd-escape"), arguments: paths) func `as systemd does it, and back again`(
    path: String, instance: String
  ) async throws {
    let runner = SystemCommandRunner(environment: ["PATH": TestEnvironment.path])
    for (words, expected) in [(["--", path], instance), (["--unescape", "--", instance], path)] {
      let command = Command("systemd-escape", ["--path"] + words, deadline: .seconds(20))
      let result = try await runner.run(command)
      #expect(result.output == expected + "\n", "\(result.errors)")
    }
  }

  @Test func `further towns have names and places of their own`() {
    let environment = ["XDG_RUNTIME_DIR": "/run/user/7"]
    let (plain, other) = (TownUnits(), TownUnits(instanceOf: TownLayout(root: "/srv/two")))
    #expect(plain.daemon == "gastown-daemon.service" && other.daemon == "gastown-daemon@srv-two.service")
    #expect(other.socket == "gastown-daemon@srv-two.socket" && other.timer == "gastown-check@srv-two.timer")
    #expect(plain.controlSocket(environment: environment) == "/run/user/7/gastown/control.sock")
    #expect(other.controlSocket(environment: environment) == "/run/user/7/gastown/srv-two/control.sock")
    #expect(plain.tmuxSocket(environment: environment) == "/run/user/7/gastown-tmux/sock")
    #expect(other.tmuxSocket(environment: environment) == "/run/user/7/gastown-tmux-srv-two/sock")
    #expect(TownUnits.runtimeDirectory([:]).hasPrefix("/run/user/"))
  }

  @Test func `a socket's path is too long from the 108th byte on`() {
    // /run/user/7/gastown/…/control.sock is the longer of the two.
    for (length, isTooLong) in [(74, false), (75, true)] {
      let units = TownUnits(instance: String(repeating: "a", count: length))
      #expect((units.socketThatIsTooLong(environment: ["XDG_RUNTIME_DIR": "/run/user/7"]) != nil) == isTooLong)
    }
  }

  @Test(
    arguments: [
      ("/srv/town", "/srv/town"), (#""/a town""#, "/a town"), ("%h/gt", "/home/ada/gt"),
      (#""/100%%/a$$b""#, "/100%/a$b"),
      (#""/a\"b\\c\x0ad" --verbose"#, "/a\"b\\c\nd"), ("%t/gt", nil), ("", nil), (#""/a"#, nil), ("/a$b", nil),
      ("/a --instance x", "/a"),
    ] as [(String, String?)])
  func `a town is read from a unit as it was written`(text: String, town: String?) {
    #expect(
      TownUnits.town(of: "[Service]\nExecStart=/x/gastown-daemon --town \(text)\n", home: "/home/ada") == town)
  }

  // MARK: which a town has

  private func withTowns(
    _ body: (_ directory: TemporaryDirectory, _ environment: [String: String], _ one: TownLayout, _ two: TownLayout)
      throws -> Void
  ) async throws {
    try await TemporaryDirectory.with { directory in
      let places = ["one", "two"].map { TownLayout(root: Disk.canonical(directory.makeDirectory($0)) ?? "") }
      for place in places { try put("{}", to: place.townFile) }
      directory.makeDirectory("run")
      try body(
        directory, ["HOME": directory("home"), "XDG_RUNTIME_DIR": directory("run")], places[0], places[1])
    }
  }

  /// Writes a file, with its directories.
  private func put(_ text: String, to path: String) throws { try Disk.write(Array(text.utf8), to: path) }

  private func write(_ directory: String, town: String) throws {
    try put(
      "[Service]\nExecStart=/usr/bin/gastown-daemon --town \(town)\n", to: "\(directory)/gastown-daemon.service")
  }

  @Test(arguments: ["home/.config/systemd/user", "run/systemd/user"])
  func `the town that the plain units name has them, every other has instances`(place: String) async throws {
    try await withTowns { directory, environment, one, two in
      func units(_ town: TownLayout) -> TownUnits { .find(layout: town, environment: environment) }
      #expect(units(one) == TownUnits() && units(two) == TownUnits())
      try write(directory(place), town: one.root)
      #expect(TownUnits.plainTown(environment: environment) == one.root)
      #expect(units(one) == TownUnits())
      #expect(units(two) == TownUnits(instanceOf: two))
      // Plain units of a town that is no more are nobody's.
      try write(directory(place), town: directory("three"))
      #expect(units(one) == TownUnits() && units(two) == TownUnits())
    }
  }

  @Test func `the person's own units come before those of the runtime directory`() async throws {
    try await withTowns { directory, environment, one, two in
      try write(directory("run/systemd/user"), town: one.root)
      try write(directory("home/.config/systemd/user"), town: two.root)
      #expect(TownUnits.plainTown(environment: environment) == two.root)
    }
  }

  @Test(arguments: ["installed", "enabled", "listening"])
  func `a town whose instance is there has it, whether or not there are plain units`(how: String) async throws {
    try await withTowns { directory, environment, _, two in
      let instance = TownUnits(instanceOf: two)
      switch how {
      case "installed":
        try put("", to: directory("home/.config/systemd/user/\(instance.daemon).d/10-town.conf"))
      case "enabled":
        try put("", to: directory("home/.config/systemd/user/default.target.wants/\(instance.daemon)"))
      default: try put("", to: instance.controlSocket(environment: environment))
      }
      #expect(TownUnits.find(layout: two, environment: environment) == instance)
      // The plain ones, once they are its own, come first.
      try write(directory("home/.config/systemd/user"), town: two.root)
      #expect(TownUnits.find(layout: two, environment: environment) == TownUnits())
    }
  }
}
