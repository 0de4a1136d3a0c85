// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

/// Finds executables the way `execvp` does.
package enum ExecutableSearch {
  /// The absolute path of `name` on `path`, a colon-separated list of directories; `nil` where none
  /// of them holds an executable regular file of that name. A name with a `/` is looked at as it is.
  package static func find(_ name: String, path: String) -> String? {
    if name.contains("/") { return isExecutable(name) ? name : nil }
    for directory in path.split(separator: ":") where directory.hasPrefix("/") {
      let candidate = "\(directory)/\(name)"
      if isExecutable(candidate) { return candidate }
    }
    return nil
  }

  private static func isExecutable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }
}
