// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Glibc
import Processes
import Town

/// Hands commands that are not ours to the next `gt` on `PATH`: in a town that changes over, agents go on
/// to type `gt prime` and `gt done`.
package enum HandOff {
  /// Becomes the other `gt` where the words are not for this one; returns where they are.
  ///
  /// To be called before anything else: the other one finds everything as we found it.
  package static func handOffIfNotOurs(_ arguments: [String], tree: CommandTree = CommandTree(GTCommand.self)) {
    guard !tree.owns(arguments.dropFirst()) else { return }
    let words = arguments.dropFirst().prefix(2).joined(separator: " ")
    let path = variable("PATH")
    do {
      guard let own = FileIdentity.of("/proc/self/exe") else { throw Failure("this program's own file is unknown") }
      var trail = HandOffTrail.read(variable(HandOffTrail.variable), arguments: Array(arguments.dropFirst()))
      trail.add(own)
      guard !trail.isTooLong, let next = next(on: path ?? "", without: trail.tried) else {
        let why = trail.isFirst ? "" : " (it has been passed on already)"
        let meant = tree.nearest(to: arguments.dropFirst()).map { "; did you mean 'gt \($0)'?" } ?? ""
        throw Failure(
          "'\(words)' is not a command of this gt, and there is no other gt to pass it to\(why)\(meant) (PATH is "
            + "\(path ?? "not set"))")
      }
      trail.add(next.identity)
      setenv(HandOffTrail.variable, trail.description, 1)
      // The variables as they are, byte for byte; the thread is the first one, whose signals are untouched.
      let copies = arguments.map { strdup($0) } + [nil]
      execv(next.path, copies)
      throw Failure("'\(words)' cannot be passed to \(next.path): \(String(cString: strerror(errno)))")
    } catch {
      complain(displayable("\(error)"), program: "gt")
      exit(ExitStatus.usage)
    }
  }

  /// The first `gt` on a path that is none of those files.
  static func next(on path: String, without tried: [FileIdentity]) -> (path: String, identity: FileIdentity)? {
    for directory in path.split(separator: ":") {
      guard let candidate = ExecutableSearch.find("gt", path: String(directory)),
        let identity = FileIdentity.of(candidate), !tried.contains(identity)
      else { continue }
      return (candidate, identity)
    }
    return nil
  }

  private static func variable(_ name: String) -> String? { getenv(name).map { String(cString: $0) } }

  private struct Failure: Error, CustomStringConvertible {
    var description: String
    init(_ description: String) { self.description = description }
  }
}

/// A file, independent of its path.
struct FileIdentity: Sendable, Hashable, LosslessStringConvertible {
  var device: UInt64
  var inode: UInt64

  static func of(_ path: String) -> FileIdentity? {
    var status = stat()
    guard stat(path, &status) == 0 else { return nil }
    return FileIdentity(device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
  }

  init(device: UInt64, inode: UInt64) {
    self.device = device
    self.inode = inode
  }

  init?(_ description: String) {
    let numbers = description.split(separator: ".").compactMap { UInt64($0) }
    guard numbers.count == 2 else { return nil }
    self.init(device: numbers[0], inode: numbers[1])
  }

  var description: String { "\(device).\(inode)" }
}
