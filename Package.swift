// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0

// One section for each target and its tests, from the values in the middle outwards to the two
// executables. Dependencies between our own targets point inwards only: adapters (Beads, Control,
// Processes, Systemd, Tmux, TownFiles) never import one another.

import PackageDescription

// Products of others.
let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let logging: Target.Dependency = .product(name: "Logging", package: "swift-log")
let nioCore: Target.Dependency = .product(name: "NIOCore", package: "swift-nio")
let nioPosix: Target.Dependency = .product(name: "NIOPosix", package: "swift-nio")
let systemPackage: Target.Dependency = .product(name: "SystemPackage", package: "swift-system")
let grdb: Target.Dependency = .product(name: "GRDB", package: "GRDB.swift")
let grdbSQLite: Target.Dependency = .product(name: "GRDBSQLite", package: "GRDB.swift")
let serviceLifecycle: Target.Dependency = .product(name: "ServiceLifecycle", package: "swift-service-lifecycle")
let unixSignals: Target.Dependency = .product(name: "UnixSignals", package: "swift-service-lifecycle")
let subprocess: Target.Dependency = .product(name: "Subprocess", package: "swift-subprocess")

let package = Package(
  name: "gastown-daemon",
  products: [
    .executable(name: "gastown-daemon", targets: ["gastown-daemon"]),
    .executable(name: "gastown-gate", targets: ["gastown-gate"]),
    .executable(name: "gt", targets: ["gt"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-system", from: "1.8.1"),
    .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
  ],
  targets: [
    // MARK: Town - values and rules, the standard library only
    .target(
      name: "Town"),
    .testTarget(
      name: "TownTests", dependencies: ["TestSupport", "Town"], exclude: ["Screens"]),

    // MARK: Commands - what it means to run an outside command; no I/O
    .target(
      name: "Commands"),

    // MARK: Trust - whether another user could put something else at a path; no dependencies
    .target(
      name: "Trust"),
    .testTarget(
      name: "TrustTests", dependencies: ["TestSupport", "Trust"]),

    // MARK: Faults - where tests have a process killed; nothing in a release build
    .target(
      name: "Faults"),

    // MARK: Processes - running commands with deadlines, reading /proc
    .target(
      name: "Processes", dependencies: ["Commands", "Faults", "Trust", subprocess, systemPackage]),
    .testTarget(
      name: "ProcessesTests", dependencies: ["Commands", "Processes", "TestSupport", "Tmux", "Trust"]),

    // MARK: Tmux - typed commands and parsers for one tmux server
    .target(
      name: "Tmux", dependencies: ["Commands", "Trust"]),
    .testTarget(
      name: "TmuxTests", dependencies: ["Commands", "Processes", "TestSupport", "Tmux"]),

    // MARK: Beads - the bead store and mail
    .target(
      name: "Beads", dependencies: ["Commands", "Town", grdb, grdbSQLite]),
    .executableTarget(
      name: "bd-stand-in",
      path: "Tests/bd-stand-in"
    ),
    .testTarget(
      name: "BeadsTests", dependencies: ["bd-stand-in", "Beads", "Commands", "Processes", "TestSupport", "Town", grdb],
      resources: [.copy("Recordings")]
    ),

    // MARK: TownFiles - the town's files on disk
    .target(
      name: "TownFiles", dependencies: ["Faults", "Town", "Trust"]),
    .testTarget(
      name: "TownFilesTests", dependencies: ["Commands", "Processes", "TestSupport", "Town", "TownFiles"]),

    // MARK: Systemd - notify, watchdog, socket activation, the journal

    .systemLibrary(
      name: "CSystemd",
      pkgConfig: "libsystemd",
      providers: [.apt(["libsystemd-dev"]), .yum(["systemd-devel"])]
    ),
    .target(
      name: "Systemd", dependencies: ["CSystemd", logging]),
    .testTarget(
      name: "SystemdTests", dependencies: ["Systemd", "TestSupport", logging]),

    // MARK: Control - the control protocol, its server and its client
    .target(
      name: "Control", dependencies: ["Trust", logging, nioCore, nioPosix],
      // What is answered about the interface is the file that is shipped.
      resources: [.embedInCode("Interface/org.gastown.Daemon.varlink")]
    ),
    .testTarget(
      name: "ControlTests", dependencies: ["Control", "TestSupport", logging, nioCore]),

    // MARK: Supervision - observe, decide, act, record
    .target(
      name: "Supervision",
      dependencies: [
        "Beads", "Commands", "Faults", "Processes", "Systemd", "Tmux", "Town", "TownFiles", "Trust", logging,
      ]
    ),
    .testTarget(
      name: "SupervisionTests",
      dependencies: [
        "Commands", "Processes", "Supervision", "Systemd", "TestSupport", "Town", "TownFiles", logging,
      ]),
    // The same against real tmux servers, stores and worktrees.
    .testTarget(
      name: "LiveTests",
      dependencies: [
        "bd-stand-in", "gastown-gate", "Beads", "Commands", "Processes", "Supervision", "Systemd", "TestSupport",
        "Tmux", "Town", "TownFiles", "Trust", logging,
      ]),

    // MARK: gastown-gate - the first process of an agent's pane; in C, as its start is part of every restart
    // No Swift in it, and nothing to load: it stands between an agent's death and its next instruction.
    .executableTarget(
      name: "gastown-gate", linkerSettings: [.unsafeFlags(["-static-executable", "-nostartfiles"])]),

    // MARK: Simulation - the real supervisor in a world of its own, in virtual time; not part of any product
    .target(
      name: "Simulation", dependencies: ["Supervision", "Town", logging],
      path: "Tests/Simulation"
    ),
    .executableTarget(
      name: "gastown-simulate", dependencies: ["Simulation"], path: "Tests/Simulator"),
    .testTarget(
      name: "SimulationTests", dependencies: ["gastown-simulate", "Simulation", "Supervision", "Town"],
      resources: [.copy("failed-seeds.txt")]
    ),

    // MARK: CommandSupport - what the commands of both programs need: a town that is opened, its daemon's socket, exit statuses
    .target(
      name: "CommandSupport",
      dependencies: [
        "Beads", "Commands", "Control", "Processes", "Supervision", "Systemd", "Town", "TownFiles", "Trust", logging,
      ]
    ),

    // MARK: GastownDaemon - the assembly
    .target(
      name: "GastownDaemon",
      dependencies: [
        "Commands", "CommandSupport", "Control", "Faults", "Processes", "Supervision", "Systemd", "Town",
        "TownFiles", argumentParser, logging, serviceLifecycle, unixSignals,
      ]
    ),
    .executableTarget(
      name: "gastown-daemon", dependencies: ["GastownDaemon", argumentParser]),
    .testTarget(
      name: "GastownDaemonTests", dependencies: ["GastownDaemon", "Systemd", "TestSupport"]),

    // MARK: GTCommands - the command tree of `gt`
    .target(
      name: "GTCommands",
      dependencies: [
        "Beads", "Commands", "CommandSupport", "Control", "Faults", "Processes", "Supervision", "Systemd", "Tmux",
        "Town", "TownFiles", "Trust", argumentParser, logging,
      ],
      // `gt daemon install` writes these units: they are part of the program, byte for byte.
      resources: [
        "app-gastown-agents.slice", "app-gastown-control.slice", "gastown-check.service", "gastown-check.timer",
        "gastown-daemon.service", "gastown-daemon.socket", "gastown-tmux.service", "gastown-check@.service",
        "gastown-check@.timer",
        "gastown-daemon@.service", "gastown-daemon@.socket", "gastown-tmux@.service",
      ].map { .embedInCode("Units/\($0)") }
    ),
    .executableTarget(
      name: "gt", dependencies: ["CommandSupport", "GTCommands", argumentParser]),
    .testTarget(
      name: "GTCommandsTests",
      dependencies: [
        "gt-manual", "Beads", "Commands", "CommandSupport", "Control", "GTCommands", "Processes", "Supervision",
        "TestSupport", "Tmux", "Town", "TownFiles", argumentParser,
      ]),

    // MARK: gt-manual - makes gt(1) of what gt tells of its commands; part of the build, not installed
    .executableTarget(
      name: "gt-manual"),

    // MARK: System - the suites that need a real systemd, and whole towns
    .testTarget(
      name: "SystemTests",
      dependencies: [
        "gastown-daemon", "gastown-gate", "gt", "gt-manual", "bd-stand-in", "Commands", "Control", "Faults",
        "Processes", "TestSupport", "Town",
      ],
      path: "Tests/System"
    ),

    // MARK: Benchmarks - what is measured, each a program of its own; packaging/bench runs the last two
    .executableTarget(
      name: "restart-latency",
      dependencies: [
        "Beads", "Commands", "Processes", "Supervision", "Tmux", "Town", "TownFiles", argumentParser, logging,
      ],
      path: "Tests/Benchmarks/restart-latency"
    ),
    .executableTarget(
      name: "bench-agent", path: "Tests/Benchmarks/agent"),
    .executableTarget(
      name: "gastown-bench", path: "Tests/Benchmarks/gastown-bench"),

    // MARK: TestSupport - what the test targets share
    .target(
      name: "TestSupport", dependencies: ["Commands", "Processes", "Supervision", "Tmux", "Town", logging],
      path: "Tests/TestSupport"
    ),
  ],
  swiftLanguageModes: [.v6]
)

// MARK: Fuzzing - what reads text from outside, held to what it promises for any text (docs/fuzzing.md)

let fuzzed: [Target.Dependency] = [
  "Beads", "Commands", "Control", "Processes", "Systemd", "Tmux", "Town", "TownFiles", logging, nioCore,
]
let isFuzzing = Context.environment["GASTOWN_FUZZ"] != nil
if isFuzzing {
  // `make fuzz`: the same functions behind libFuzzer, in a build of their own.
  package.targets.append(
    .executableTarget(
      name: "gastown-fuzz", dependencies: fuzzed, path: "Tests/Fuzzing",
      exclude: ["corpus", "dictionaries", "Replay", "run"],
      sources: ["Program", "Targets"], linkerSettings: [.unsafeFlags(["-sanitize=fuzzer", "-use-ld=lld"])]))
} else {
  package.targets.append(
    .testTarget(
      name: "FuzzingTests", dependencies: fuzzed, path: "Tests/Fuzzing",
      exclude: ["corpus", "dictionaries", "Program", "run"],
      sources: ["Replay", "Targets"]))
}

// The settings of every target of ours, once.
for target in package.targets where target.type != .system {
  target.swiftSettings = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  ]
  if Context.environment["GASTOWN_WARNINGS_AS_ERRORS"] != nil {
    target.swiftSettings?.append(.treatAllWarnings(as: .error))
  }
  if isFuzzing {
    // Coverage tells the fuzzer what is new. What the tests see of a module, the fuzzer sees, too.
    target.swiftSettings?.append(.unsafeFlags(["-sanitize=fuzzer", "-enable-testing"]))
  }
}
