// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
import Processes
import Synchronization
import TestSupport
import Testing
import Glibc

/// One systemd of our own, with journald and user managers, for all tests of this process.
///
/// It is booted when the first test wants it and ends with this process, however that ends. Where `GASTOWN_TEST_ROOT`
/// names a Debian system in a directory, it is that one's systemd and tmux, and not this machine's.
struct PrivateSystemd: Sendable {
  /// Where `private-systemd` keeps what it needs to find the boot again.
  private let state: String
  /// The boot's file system, as this process sees it.
  let root: String

  /// What ordinary users find their commands on: the programs that are tested, as they ship where
  /// `GASTOWN_TEST_PRODUCTS` says so.
  static let path = "/opt/gastown/bin:/usr/local/bin:/usr/bin:/bin"
  /// As ``path``, with debug builds of gt and the daemon, which alone can be made to fail at a point (`GASTOWN_FAULT`).
  static let faultPath = "/opt/gastown/debug:/usr/local/bin:/usr/bin:/bin"

  /// The checkout that these tests are of.
  static let repository: String = {
    let source = #filePath
    return source.firstRange(of: "/Tests/System/").map { String(source[..<$0.lowerBound]) } ?? "."
  }()

  /// The text of a file of this checkout.
  static func source(_ path: String) -> String? { TestFile.text("\(repository)/\(path)") }

  /// The directory of the root file system that is booted; `nil` for this machine's own.
  static let tree: String? = TestEnvironment.variable("GASTOWN_TEST_ROOT").flatMap { $0.isEmpty ? nil : $0 }

  private static let treeOption = tree.map { ["--root", $0] } ?? []

  private static let script = "\(repository)/packaging/private-systemd"

  private static let runner = SystemCommandRunner(environment: ["PATH": TestEnvironment.path, "HOME": "/root"])

  private static let boot = Task { try await PrivateSystemd() }

  /// The one boot.
  static var shared: PrivateSystemd { get async throws { try await boot.value } }

  private init() async throws {
    state = "/tmp/gst-system-\(getpid())"
    // What only tests need, such as the stand-in for bd, was built with them.
    var binds = ["--bind", "\(Products.tested):/opt/gastown/bin", "--bind", "\(Products.beside):/opt/gastown/debug"]
    let ours = binds.count
    // The Swift runtime lies where the toolchain is, which may be a place that only we can read.
    for (index, directory) in try await PrivateSystemd.hiddenLibraries().enumerated() {
      binds += ["--bind", "\(directory):/opt/gastown/lib\(index)"]
    }
    try await PrivateSystemd.call(
      ["boot", state, "--owner", "\(getpid())"] + PrivateSystemd.treeOption + binds, deadline: .seconds(90)
    ).check()
    let pid = (TestFile.text("\(state)/ready") ?? "").split(whereSeparator: \.isWhitespace).first
    guard let pid else { throw NotInTime(description: "private-systemd left no pid in \(state)/ready") }
    root = "/proc/\(pid)/root"
    let hidden = (0..<((binds.count - ours) / 2)).map { "/opt/gastown/lib\($0)" }
    if !hidden.isEmpty {
      try await root([
        "sh", "-c", "printf '%s\\n' \(hidden.joined(separator: " ")) >/etc/ld.so.conf.d/gastown.conf; ldconfig",
      ])
      .check()
    }
    // Where something is still missing, once and here, and not in every test.
    for build in ["bin", "debug"] { try await root(["/opt/gastown/\(build)/gt", "--version"]).check() }
  }

  /// Directories of libraries that our programs need and an ordinary user of the boot cannot reach.
  private static func hiddenLibraries() async throws -> [String] {
    let listing = try await runner.run(Command("ldd", ["\(Products.beside)/gt"], deadline: .seconds(30))).check()
    var found: Set<String> = []
    for line in listing.output.split(separator: "\n") {
      guard let arrow = line.firstRange(of: " => /") else { continue }
      let path = line[line.index(before: arrow.upperBound)...].split(separator: " ").first.map(String.init) ?? ""
      guard let slash = path.lastIndex(of: "/"), !isReachable(path) else { continue }
      found.insert(String(path[..<slash]))
    }
    return found.sorted()
  }

  private static func isReachable(_ path: String) -> Bool {
    // A tree has libraries of its own where Debian keeps them; ours would go with another C library.
    if tree != nil { return path.contains("-linux-gnu/") }
    var current = ""
    for part in path.split(separator: "/").dropLast() {
      current += "/\(part)"
      var status = stat()
      guard stat(current, &status) == 0, status.st_mode & S_IXOTH != 0 else { return false }
    }
    return !path.hasPrefix("/tmp/") && !path.hasPrefix("/run/")
  }

  /// Why this machine cannot do it; `nil` where it can.
  static let obstacle: String? = {
    // Traits are asked before any test runs, and more than once.
    // A shell reads what the person's variables name.
    let process = popenReading(
      "env -i PATH='\(TestEnvironment.path)' '\(script)' supported \(tree.map { "--root '\($0)'" } ?? "") 2>&1")
    if process.status == 0 { return nil }
    return process.output.isEmpty ? "packaging/private-systemd supported: status \(process.status)" : process.output
  }()

  private static func popenReading(_ command: String) -> (status: Int32, output: String) {
    guard let stream = popen(command, "re") else { return (-1, "popen failed") }
    var bytes: [UInt8] = []
    while case let byte = fgetc(stream), byte != EOF { bytes.append(UInt8(truncatingIfNeeded: byte)) }
    let status = pclose(stream)
    return (status, String(decoding: bytes, as: UTF8.self).split(separator: "\n").joined(separator: "; "))
  }

  private static func call(_ arguments: [String], input: String? = nil, deadline: Duration) async throws
    -> CommandResult
  {
    try await runner.run(
      Command(script, arguments, standardInput: input.map { Array($0.utf8) }, deadline: deadline, outputLimit: 64 << 20)
    )
  }

  /// Makes an ordinary user, and returns when its user manager answers.
  func addUser(_ name: String) async throws {
    try await PrivateSystemd.call(["user", state, name], deadline: .seconds(90)).check()
  }

  /// Runs a command as a user, in its home, with a clean environment.
  func run(
    _ user: String, _ words: [String], environment: [String: String] = [:], input: String? = nil,
    deadline: Duration = .seconds(60)
  ) async throws -> CommandResult {
    let variables = environment.sorted { $0.key < $1.key }.flatMap { ["--env", "\($0.key)=\($0.value)"] }
    return try await PrivateSystemd.call(
      ["run", state, user] + variables + ["--"] + words, input: input, deadline: deadline)
  }

  func root(_ words: [String], input: String? = nil) async throws -> CommandResult {
    try await run("root", words, input: input)
  }

  /// Whether the system that is booted has a command.
  static func has(_ command: String) -> Bool { TestFile.exists("\(tree ?? "")/usr/bin/\(command)") }

  /// Ends everything of a user.
  func removeUser(_ name: String) async {
    let script = """
      uid=$(id -u "$1"); loginctl disable-linger "$1"
      systemctl kill -s KILL "user@$uid.service"; systemctl stop "user@$uid.service"
      """
    _ = try? await root(["sh", "-c", script, "sh", name])
  }
}

extension CommandResult {
  /// - Throws: where the command did not succeed.
  @discardableResult
  func check(_ status: Int32 = 0) throws -> CommandResult {
    guard ending == .exited(status) else {
      throw NotInTime(description: "a command ended with \(ending), not \(status):\n\(output)\n\(errors)")
    }
    return self
  }

  var status: Int32 {
    switch ending {
    case .exited(let status): status
    case .signalled(let signal): 128 + signal
    }
  }
}

extension Trait where Self == ConditionTrait {
  /// Skips where no private systemd can be booted, and says why.
  static var requiresSystemd: Self {
    .enabled(if: PrivateSystemd.obstacle == nil, Comment(rawValue: PrivateSystemd.obstacle ?? ""))
  }

  /// Skips where the system that is booted lacks a command, and names it.
  static func requires(inBoot command: String) -> Self {
    .enabled(if: PrivateSystemd.has(command), "the system that is booted has no \(command)")
  }
}

/// How many towns are alive at once: each has a user manager, a daemon and its agents.
actor Turnstile {
  static let towns = Turnstile(free: max(3, Int(sysconf(Int32(_SC_NPROCESSORS_ONLN))) + 1))

  private var free: Int
  private var waiting: [CheckedContinuation<Void, Never>] = []

  init(free: Int) { self.free = free }

  func enter() async {
    if free > 0 {
      free -= 1
      return
    }
    await withCheckedContinuation { waiting.append($0) }
  }

  func leave() {
    if waiting.isEmpty { free += 1 } else { waiting.removeFirst().resume() }
  }
}
