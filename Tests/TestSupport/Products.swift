// SPDX-License-Identifier: Apache-2.0

import Glibc
import Processes

/// The programs of this package that tests run.
package enum Products {
  /// Where all of them are that were built with the tests: a debug build, unless the tests are optimised themselves.
  package static let beside: String = directory(of: "gt") ?? "."

  /// Where those are that `GASTOWN_TEST_PRODUCTS` names, such as `.build/release`: gt and gastown-daemon as they ship
  /// are then what is tested. Else those beside the tests.
  package static let tested: String = {
    guard let named = TestEnvironment.variable("GASTOWN_TEST_PRODUCTS"), !named.isEmpty else { return beside }
    guard let canonical = realpath(named, nil) else {
      fatalError("GASTOWN_TEST_PRODUCTS: \(named): \(String(cString: strerror(errno)))")
    }
    defer { free(canonical) }
    let path = String(cString: canonical)
    for name in shipped where ExecutableSearch.find("\(path)/\(name)", path: "") == nil {
      fatalError("GASTOWN_TEST_PRODUCTS: no \(name) in \(path); build it first: make release")
    }
    return path
  }()

  /// What a person installs.
  package static let shipped = ["gastown-daemon", "gt"]

  private static func directory(of name: String) -> String? {
    // Tests run inside `….xctest`, which is in the directory of all products; a runner that loads it
    // from elsewhere is given its path as an argument.
    let candidates = CommandLine.arguments + [ProcessTable().arguments(of: getpid())?.first ?? ""]
    for candidate in candidates {
      var directory = candidate[...]
      while let slash = directory.lastIndex(of: "/") {
        directory = directory[..<slash]
        if ExecutableSearch.find("\(directory)/\(name)", path: "") != nil { return String(directory) }
      }
    }
    return nil
  }
}

/// The path of an executable of this package: as it ships where that is tested, else as it was built with the tests.
package func builtExecutable(_ name: String) -> String {
  let path = "\(Products.shipped.contains(name) ? Products.tested : Products.beside)/\(name)"
  return ExecutableSearch.find(path, path: "") == nil ? name : path
}
