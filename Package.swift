// swift-tools-version: 6.3
// SPDX-License-Identifier: Apache-2.0

// One section for each target and its tests, from the values in the middle outwards to the two
// executables. Dependencies between our own targets point inwards only: adapters (Beads, Control,
// Processes, Systemd, Tmux, TownFiles) never import one another.

import PackageDescription

let package = Package(
  name: "gastown-daemon",
  products: [
    .executable(name: "gastown-daemon", targets: ["gastown-daemon"]),
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
    .target(name: "Town"),
    .testTarget(name: "TownTests", dependencies: ["TestSupport", "Town"]),

    // MARK: Commands - what it means to run an outside command; no I/O
    .target(name: "Commands"),

    // MARK: Faults - where tests have a process killed; nothing in a release build
    .target(name: "Faults"),

    // MARK: Processes - running commands with deadlines, reading /proc
    .systemLibrary(name: "CMalloc"),
    .target(
      name: "Processes",
      dependencies: [
        "CMalloc",
        "Commands",
        "Faults",
        .product(name: "Subprocess", package: "swift-subprocess"),
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    .testTarget(name: "ProcessesTests", dependencies: ["Processes", "TestSupport"]),

    // MARK: Tmux - typed commands and parsers for one tmux server
    .target(name: "Tmux", dependencies: ["Commands"]),
    .testTarget(name: "TmuxTests", dependencies: ["Processes", "TestSupport", "Tmux"]),

    // MARK: Beads - the bead store and mail
    .target(
      name: "Beads",
      dependencies: [
        "Commands",
        "Town",
        .product(name: "GRDB", package: "GRDB.swift"),
      ]
    ),
    .executableTarget(
      name: "bd-stand-in",
      path: "Tests/bd-stand-in"
    ),
    .testTarget(
      name: "BeadsTests",
      dependencies: ["Beads", "bd-stand-in", "Processes", "TestSupport"],
      resources: [.copy("Recordings")]
    ),

    // MARK: TownFiles - the town's files on disk
    .target(
      name: "TownFiles",
      dependencies: [
        "Faults",
        "Town",
        .product(name: "SystemPackage", package: "swift-system"),
      ]
    ),
    .testTarget(name: "TownFilesTests", dependencies: ["TestSupport", "TownFiles"]),

    // MARK: Systemd - notify, watchdog, socket activation, the journal
    .systemLibrary(
      name: "CSystemd",
      pkgConfig: "libsystemd",
      providers: [.apt(["libsystemd-dev"]), .yum(["systemd-devel"])]
    ),
    .target(
      name: "Systemd",
      dependencies: [
        "CSystemd",
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .testTarget(name: "SystemdTests", dependencies: ["Systemd", "TestSupport"]),

    // MARK: Control - the control protocol, its server and its client
    .target(
      name: "Control",
      dependencies: [
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ],
      // What is answered about the interface is the file that is shipped.
      resources: [.embedInCode("Interface/org.gastown.Daemon.varlink")]
    ),
    .testTarget(name: "ControlTests", dependencies: ["Control", "TestSupport"]),

    // MARK: Supervision - observe, decide, act, record
    .target(
      name: "Supervision",
      dependencies: [
        "Beads",
        "Commands",
        "Faults",
        "Processes",
        "Systemd",
        "Tmux",
        "Town",
        "TownFiles",
        .product(name: "Logging", package: "swift-log"),
      ]
    ),
    .testTarget(name: "SupervisionTests", dependencies: ["bd-stand-in", "Faults", "Supervision", "TestSupport"]),

    // MARK: Simulation - the real supervisor in a world of its own, in virtual time; not part of any product
    .target(
      name: "Simulation",
      dependencies: ["Supervision", "Town", .product(name: "Logging", package: "swift-log")]
    ),
    .executableTarget(name: "gastown-simulate", dependencies: ["Simulation"], path: "Tests/Simulator"),
    .testTarget(
      name: "SimulationTests", dependencies: ["gastown-simulate", "Simulation", "Supervision", "Town"],
      resources: [.copy("failed-seeds.txt")]
    ),

    // MARK: GastownDaemon - the assembly
    .target(
      name: "GastownDaemon",
      dependencies: [
        "Control",
        "Faults",
        "Processes",
        "Supervision",
        "Systemd",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "UnixSignals", package: "swift-service-lifecycle"),
      ]
    ),
    .executableTarget(
      name: "gastown-daemon",
      dependencies: ["GastownDaemon", .product(name: "ArgumentParser", package: "swift-argument-parser")]
    ),

    // MARK: GTCommands - the command tree of `gt`
    .target(
      name: "GTCommands",
      dependencies: [
        "Control",
        "Faults",
        "GastownDaemon",
        "Supervision",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ],
      // `gt daemon install` writes these units: they are part of the program, byte for byte.
      resources: [
        "app-gastown-agents.slice", "gastown-check.service", "gastown-check.timer", "gastown-daemon.service",
        "gastown-daemon.socket", "gastown-tmux.service", "gastown-check@.service", "gastown-check@.timer",
        "gastown-daemon@.service", "gastown-daemon@.socket", "gastown-tmux@.service",
      ].map { .embedInCode("Units/\($0)") }
    ),
    .executableTarget(
      name: "gt",
      dependencies: ["GTCommands", .product(name: "ArgumentParser", package: "swift-argument-parser")]
    ),
    .testTarget(name: "GTCommandsTests", dependencies: ["GTCommands", "gt-manual", "TestSupport"]),

    // MARK: gt-manual - makes gt(1) of what gt tells of its commands; part of the build, not installed
    .executableTarget(name: "gt-manual"),

    // MARK: System - the suites that need a real systemd, and whole towns
    .testTarget(
      name: "SystemTests",
      dependencies: [
        "gastown-daemon", "gt", "gt-manual", "Commands", "Control", "Faults", "Processes", "TestSupport", "Town",
        "bd-stand-in",
      ],
      path: "Tests/System"
    ),

    // MARK: Benchmarks - what is measured, each a program of its own; packaging/bench runs the last two
    .executableTarget(
      name: "restart-latency",
      dependencies: ["CMalloc", "Supervision", .product(name: "ArgumentParser", package: "swift-argument-parser")],
      path: "Tests/Benchmarks/restart-latency"
    ),
    .executableTarget(name: "bench-agent", path: "Tests/Benchmarks/agent"),
    .executableTarget(name: "gastown-bench", path: "Tests/Benchmarks/gastown-bench"),

    // MARK: TestSupport - what the test targets share
    .target(
      name: "TestSupport",
      dependencies: ["Commands", "Processes", "Tmux", "Town"],
      path: "Tests/TestSupport"
    ),
  ],
  swiftLanguageModes: [.v6]
)

// MARK: Fuzzing - what reads text from outside, held to what it promises for any text (docs/fuzzing.md)

let fuzzed: [Target.Dependency] = ["Beads", "Commands", "Control", "Processes", "Systemd", "Tmux", "Town", "TownFiles"]
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
