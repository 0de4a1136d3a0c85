// SPDX-License-Identifier: Apache-2.0

// A build with the Swift runtime inside (`--static-swift-stdlib`) has no Testing, and no tests that would want these.
#if canImport(Testing)
  import Glibc
  import Processes
  package import Testing

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
  }
#endif
