// SPDX-License-Identifier: Apache-2.0

package import Trust
import Glibc

/// Finds executables the way `execvp` does.
package enum ExecutableSearch {
  /// The absolute path of `name` on `path`, a colon-separated list of directories; `nil` where none
  /// of them holds an executable regular file of that name. A name with a `/` is the path itself.
  ///
  /// A program in a directory to which every user may write is passed over: any user could decide what is run.
  package static func find(_ name: String, path: String) -> String? {
    candidates(name, path: path).first { !isOpenToAll(objection(to: $0)) }
  }

  /// Why a program that is there is not run; `nil` where there is none that was passed over.
  package static func passedOver(_ name: String, path: String) -> PathObjection? {
    candidates(name, path: path).lazy.compactMap { objection(to: $0) }.first { isOpenToAll($0) }
  }

  /// Why other users may decide what is run as this program; `nil` where they cannot.
  package static func objection(to program: String) -> PathObjection? {
    do throws(PathObjection) {
      try PathTrust().checkFile(program)
      return nil
    } catch {
      return error
    }
  }

  private static func isOpenToAll(_ objection: PathObjection?) -> Bool {
    switch objection?.code {
    case .shared, .planted: true
    // A directory of one other user is on the path by the person's own will.
    case .foreign, .link, .missing, .unreadable, .wrongKind, nil: false
    }
  }

  private static func candidates(_ name: String, path: String) -> [String] {
    if name.contains("/") { return isExecutable(name) ? [name] : [] }
    return path.split(separator: ":").filter { $0.hasPrefix("/") }.map { "\($0)/\(name)" }.filter { isExecutable($0) }
  }

  private static func isExecutable(_ path: String) -> Bool {
    var status = stat()
    return stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG && access(path, X_OK) == 0
  }
}
