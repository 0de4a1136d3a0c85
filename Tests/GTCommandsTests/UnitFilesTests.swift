// SPDX-License-Identifier: Apache-2.0

import Commands
@testable import GTCommands
import Processes
import TestSupport
import Testing
import TownFiles

/// The units, as they are shipped and as they are written for one town.
@Suite(.timeLimit(.minutes(2))) struct UnitFilesTests {
  private static let repository = Disk.parent(of: Disk.parent(of: Disk.parent(of: #filePath)))

  private func code(_ text: String) -> [String] {
    text.split(separator: "\n").map(String.init).filter { !$0.hasPrefix("#") }
  }

  @Test func `the units in gt are those in the repository`() throws {
    for (name, text) in UnitFiles.shipped + UnitFiles.templates {
      #expect(TestFile.text("\(Self.repository)/systemd/\(name)") == text, "\(name)")
    }
    #expect(UnitFiles.shipped.count == 7 && UnitFiles.templates.count == 5)
  }

  @Test func `the Swift runtime's backtraces are off wherever a unit starts the daemon`() {
    for (name, text) in UnitFiles.shipped + UnitFiles.templates where text.contains("/gastown-daemon ") {
      #expect(code(text).contains("Environment=SWIFT_BACKTRACE=enable=no"), "\(name)")
    }
  }

  /// What a further town's units say, the first town's say as well, with its names in place of the instance's.
  @Test func `the templates are the plain units, setting for setting`() throws {
    for (name, text) in UnitFiles.templates {
      let plain = try #require(UnitFiles.shipped.first { $0.name == name.replacing("@", with: "") }).text
      let named = text.replacing("--town %f --instance %i", with: "--town %h/gt").replacing("@%i", with: "")
        .replacing("/%i/", with: "/").replacing("-%i", with: "").replacing("=:/", with: "=/")
        .replacing("=-:/", with: "=-/")
      // How the tmux server's directory is made differs.
      func settings(_ text: String) -> [String] {
        code(text).filter { line in
          !["Description=", "RuntimeDirectory", "ExecStartPre="].contains { line.hasPrefix($0) }
        }
      }
      #expect(settings(named) == settings(plain), "\(name)")
    }
  }

  @Test func `a further town has the programs in the templates and its PATH beside them`() {
    let names = TownUnits(instance: #"srv-my\x2dtown"#)
    let units = UnitFiles(
      daemon: "/opt/a b/gastown-daemon", tmux: "/opt/tmux", town: "/srv/my-town", path: "/opt/bin:/bin",
      tmuxDirectory: "/run/t", names: names)
    let texts = Dictionary(uniqueKeysWithValues: units.rendered.map { ($0.name, $0.text) })
    #expect(Set(texts.keys) == Set(UnitFiles.files(of: names)))
    let service = texts["gastown-daemon@.service"] ?? ""
    #expect(service.contains("\nExecStart=:\"/opt/a b/gastown-daemon\" --town %f --instance %i\n"))
    #expect(service.contains("\nExecReload=:\"/opt/a b/gastown-daemon\" reload --town %f --instance %i\n"))
    #expect(texts["gastown-tmux@.service"]?.contains("\nExecStop=-:/opt/tmux -S %t/gastown-tmux-%i/sock") == true)
    for unit in ["check", "daemon", "tmux"] {
      let dropIn = texts[#"gastown-\#(unit)@srv-my\x2dtown.service.d/10-town.conf"#] ?? ""
      #expect(code(dropIn) == ["[Service]", "Environment=PATH=/opt/bin:/bin", "Environment=TMUX_TMPDIR=/run/t"])
    }
    #expect(!texts.values.contains { $0.contains("/usr/bin/gastown-daemon") || $0.contains("/usr/bin/tmux") })
    #expect(UnitFiles.pathHolder(names) == #"gastown-daemon@srv-my\x2dtown.service.d/10-town.conf"#)
  }

  @Test func `every place that is made for a path gets it`() throws {
    let units = UnitFiles(
      daemon: "/opt/gt/gastown-daemon", tmux: "/opt/tmux/tmux", town: "/srv/town", path: "/opt/bin:/bin")
    var replaced: [String] = []
    for ((name, shipped), (other, rendered)) in zip(UnitFiles.shipped, units.rendered) {
      #expect(name == other)
      let (old, new) = (shipped.split(separator: "\n"), rendered.split(separator: "\n"))
      try #require(old.count == new.count)
      replaced += zip(old, new).filter { $0 != $1 }.map { "\(name): \($1)" }
      #expect(
        !code(rendered).contains {
          $0.contains("/usr/bin/gastown-daemon") || $0.contains("%h/gt") || $0.contains("/usr/bin/tmux")
        })
    }
    #expect(
      replaced == [
        "gastown-check.service: ExecStart=/opt/gt/gastown-daemon check --town /srv/town",
        "gastown-check.service: Environment=PATH=/opt/bin:/bin",
        "gastown-daemon.service: ExecStart=/opt/gt/gastown-daemon --town /srv/town",
        "gastown-daemon.service: ExecReload=/opt/gt/gastown-daemon reload --town /srv/town",
        "gastown-daemon.service: Environment=PATH=/opt/bin:/bin",
        #"gastown-tmux.service: ExecStart=/opt/tmux/tmux -S %t/gastown-tmux/sock -f /dev/null start-server \; set -s exit-empty off \; set -g remain-on-exit on \; set -g history-limit 50000 \; set -s default-terminal tmux-256color"#,
        "gastown-tmux.service: ExecStop=-/opt/tmux/tmux -S %t/gastown-tmux/sock kill-server",
        "gastown-tmux.service: Environment=PATH=/opt/bin:/bin",
      ])
  }

  @Test(arguments: [
    ("/srv/town", "/srv/town"), ("/a town", #""/a town""#), ("/100%", "/100%%"), ("/a$b", #""/a$$b""#),
    (#"/a"b"#, #""/a\"b""#), (#"/a\b"#, #""/a\\b""#), ("/it's", #""/it's""#), ("/a;b", #""/a;b""#),
    ("/größe", #""/größe""#), ("/a\nExecStart=x", #""/a\x0aExecStart=x""#), ("/a\tb", #""/a\x09b""#),
    ("/a#b", #""/a#b""#),
  ])
  func `a word means itself`(word: String, written: String) {
    #expect(UnitFiles.quoted(word) == written)
  }

  @Test(arguments: [#"/a"b"#, "/it's", #"/a\b"#, "/a\nb"]) func `a program that no unit can name is refused`(
    path: String
  ) {
    for units in [
      UnitFiles(daemon: "\(path)/gastown-daemon", tmux: "/bin/tmux", town: "/t", path: "/bin"),
      UnitFiles(daemon: "/bin/gastown-daemon", tmux: "\(path)/tmux", town: "/t", path: "/bin"),
    ] {
      #expect(units.defect?.contains(path) == true)
    }
    // A town may be called anything.
    #expect(UnitFiles(daemon: "/b c/gastown-daemon", tmux: "/ü/tmux", town: path, path: path).defect == nil)
  }

  @Test func `a person's own place for tmux sockets is the daemon's too`() {
    let units = UnitFiles(
      daemon: "/bin/gastown-daemon", tmux: "/bin/tmux", town: "/t", path: "/bin", tmuxDirectory: "/run/my tmux")
    let service = units.rendered.first { $0.name == "gastown-daemon.service" }?.text ?? ""
    #expect(code(service).contains(#"Environment="TMUX_TMPDIR=/run/my tmux""#))
    var usual = units
    for directory in [nil, ""] {
      usual.tmuxDirectory = directory
      #expect(usual.rendered.allSatisfy { !$0.text.contains("TMUX_TMPDIR") })
    }
  }

  @Test func `a dollar is only special in a command's arguments`() {
    #expect(UnitFiles.quoted("PATH=/a$b:/c d%", isCommand: false) == #""PATH=/a$b:/c d%%""#)
  }

  @Test(
    .requires(executable: "systemd-analyze"),
    arguments: ["plain", "with space", "100% $HOME %h", "größe", "semi;colon", "it's", "a,b=c", "\\; new\nline"])
  func `systemd takes them, whatever the paths`(name: String) async throws {
    try await TemporaryDirectory.with { directory in
      // A program's own path may hold neither quotes nor backslashes, says systemd.
      let programs = directory.makeDirectory(name.contains { "'\\\n".contains($0) } ? "bin" : name + "/bin")
      for program in ["gastown-daemon", "tmux"] {
        TestFile.write("#!/bin/sh\n", to: "\(programs)/\(program)", mode: 0o755)
      }
      let town = directory.makeDirectory("towns/\(name)")
      let place = directory.makeDirectory("units")
      directory.makeDirectory("run")
      let units = UnitFiles(
        daemon: "\(programs)/gastown-daemon", tmux: "\(programs)/tmux", town: town, path: "\(programs):/usr/bin:/bin")
      for (file, text) in units.rendered { TestFile.write(text, to: "\(place)/\(file)") }
      let environment = [
        "PATH": TestEnvironment.path, "HOME": directory.path, "XDG_RUNTIME_DIR": directory("run"), "LC_ALL": "C",
        "SYSTEMD_UNIT_PATH": "\(place):/usr/lib/systemd/user:/lib/systemd/user",
      ]
      let result = try await SystemCommandRunner(environment: environment).run(
        Command(
          "systemd-analyze", ["--user", "--man=no", "verify"] + units.rendered.map { "\(place)/\($0.name)" },
          deadline: .seconds(60)))
      // It succeeds over unknown settings: what it says counts.
      let complaints = result.errors.split(separator: "\n").filter {
        $0.contains(place) || $0.contains("is not executable") || $0.contains("gastown") && $0.contains("Failed")
      }
      #expect(complaints.isEmpty, "\(result.errors)")
    }
  }
}
