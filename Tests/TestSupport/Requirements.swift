// SPDX-License-Identifier: Apache-2.0

internal import Processes
package import Testing

#if canImport(Glibc)
  import Glibc
#endif

extension Trait where Self == ConditionTrait {
  /// Skips a test where `name` is not on the PATH.
  package static func requires(executable name: String) -> Self {
    .enabled(
      if: ExecutableSearch.find(name, path: TestEnvironment.path) != nil, "requires \(name), which is not on PATH")
  }

  /// Skips a test for which root's powers are missing.
  package static var requiresRoot: Self {
    .enabled(if: getuid() == 0, "requires root")
  }

  /// Skips a test that means nothing to root, who may do anything.
  package static var requiresUnprivilegedUser: Self {
    .enabled(if: getuid() != 0, "requires an unprivileged user")
  }

  /// Skips a test where no user manager of systemd answers.
  package static var requiresUserManager: Self {
    .enabled(
      if: TestEnvironment.runtimeDirectory.map { TestFile.exists("\($0)/systemd/private") } ?? false,
      "requires a systemd user manager: no $XDG_RUNTIME_DIR/systemd/private")
  }
}

/// What tests see of the environment.
package enum TestEnvironment {
  package static var path: String { variable("PATH") ?? "/usr/bin:/bin" }

  package static var runtimeDirectory: String? { variable("XDG_RUNTIME_DIR") }

  package static func variable(_ name: String) -> String? {
    getenv(name).map { String(cString: $0) }
  }
}

/// The path of an executable of this package, built beside the tests.
package func builtExecutable(_ name: String) -> String {
  // Tests run inside `….xctest`, which is in the directory of all products; a runner that loads it
  // from elsewhere is given its path as an argument.
  let candidates = CommandLine.arguments + [ProcessTable().arguments(of: getpid())?.first ?? ""]
  for candidate in candidates {
    var directory = candidate[...]
    while let slash = directory.lastIndex(of: "/") {
      directory = directory[..<slash]
      let path = "\(directory)/\(name)"
      if ExecutableSearch.find(path, path: "") != nil { return path }
    }
  }
  return name
}
