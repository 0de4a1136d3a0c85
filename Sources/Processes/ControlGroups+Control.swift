// SPDX-License-Identifier: Apache-2.0

import Glibc

/// Why a control group could not be changed.
package struct ControlGroupError: Error, Sendable, Hashable, CustomStringConvertible {
  package var operation: String
  package var path: String
  package var reason: String

  package init(operation: String, path: String, reason: String) {
    self.operation = operation
    self.path = path
    self.reason = reason
  }

  package var description: String { "\(operation) the control group \(path): \(reason)" }
}

/// What can be done to all processes of a control group at once: the kernel does it, so that none escapes by
/// starting another meanwhile.
extension ControlGroups {
  /// Where the unified hierarchy is mounted: below a directory of its own, where the older ones are in use too.
  package static let mount: String =
    access("/sys/fs/cgroup/cgroup.procs", F_OK) != 0 && access("/sys/fs/cgroup/unified/cgroup.procs", F_OK) == 0
    ? "/sys/fs/cgroup/unified" : "/sys/fs/cgroup"

  package func exists(_ path: String) -> Bool {
    directory(path).map { access("\($0)/cgroup.procs", F_OK) == 0 } ?? false
  }

  /// The processes of a group and of all below it; `nil` where it is gone, or cannot be read.
  package func members(of path: String) -> [Int32]? {
    guard let directory = directory(path), let own = numbers("\(directory)/cgroup.procs") else { return nil }
    // A group that goes while it is read takes its processes along.
    let below = ProcessFiles.directories(in: directory) ?? []
    return own + below.flatMap { members(of: "\(path == "/" ? "" : path)/\($0)") ?? [] }
  }

  /// Whether everything in a group stands still; `nil` where it is gone, or the kernel has no freezer.
  package func isFrozen(_ path: String) -> Bool? { event("frozen", of: path) }

  /// Asks the kernel to let a group stand still, or go on. Whether it does, ``isFrozen(_:)`` says, a
  /// moment later.
  package func setFrozen(_ isFrozen: Bool, _ path: String) throws(ControlGroupError) {
    try write(isFrozen ? "1" : "0", to: "cgroup.freeze", of: path, isFrozen ? "freeze" : "thaw")
  }

  /// Kills everything in a group and below it, frozen or not.
  package func kill(_ path: String) throws(ControlGroupError) {
    try write("1", to: "cgroup.kill", of: path, "kill")
  }

  /// Moves one process into a group.
  package func move(_ pid: Int32, into path: String) throws(ControlGroupError) {
    try write("\(pid)", to: "cgroup.procs", of: path, "move pid \(pid) into")
  }

  private func event(_ name: String, of path: String) -> Bool? {
    guard let directory = directory(path), let text = ProcessFiles.text("\(directory)/cgroup.events") else {
      return nil
    }
    guard let line = text.split(separator: "\n").first(where: { $0.hasPrefix("\(name) ") }) else { return nil }
    return line.hasSuffix(" 1")
  }

  private func numbers(_ file: String) -> [Int32]? {
    ProcessFiles.text(file)?.split(separator: "\n").compactMap { Int32($0) }
  }

  private func write(
    _ text: String, to file: String, of path: String, _ operation: String
  ) throws(ControlGroupError) {
    guard let directory = directory(path) else {
      throw ControlGroupError(operation: operation, path: path, reason: "it is not the path of a control group")
    }
    let descriptor = open("\(directory)/\(file)", O_WRONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw ControlGroupError(operation: operation, path: path, reason: String(cString: strerror(errno)))
    }
    defer { close(descriptor) }
    let bytes = Array(text.utf8)
    guard Glibc.write(descriptor, bytes, bytes.count) == bytes.count else {
      throw ControlGroupError(operation: operation, path: path, reason: String(cString: strerror(errno)))
    }
  }
}
