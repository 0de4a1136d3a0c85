// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Glibc

/// The processes of this machine, as `/proc` has them at the moment of each question.
package struct ProcessTable: Sendable {
  let root: String

  /// - Parameter root: where `/proc` is.
  package init(root: String = "/proc") {
    self.root = root
  }

  /// `nil` where there is no such process. A zombie has a status.
  package func status(_ pid: Int32) -> ProcessStatus? {
    ProcessFiles.line("\(root)/\(pid)/stat").flatMap { ProcessStatus(stat: $0) }
  }

  /// The process that has this pid now; `nil` where none does, or where it has ended and only waits
  /// to be reaped.
  package func identity(of pid: Int32) -> ProcessIdentity? {
    guard let status = status(pid), status.isAlive else { return nil }
    return status.identity
  }

  /// Whether exactly this process lives. A zombie does not, nor does another one with its pid. Where no descriptors are
  /// left to check, any process with the pid counts as alive: no agent is dead because of that.
  package func isRunning(_ identity: ProcessIdentity) -> Bool {
    let misses = Self.misses
    if self.identity(of: identity.pid) == identity { return true }
    return root == "/proc" && Self.misses != misses && (kill(identity.pid, 0) == 0 || errno == EPERM)
  }

  /// Counts the checks that failed because descriptors or memory ran out, here and in other code that notes them. A
  /// result "not there" is unknown if this has grown meanwhile.
  package static var misses: Int { ProcessFiles.misses.load(ordering: .sequentiallyConsistent) }

  /// Counts a failure, by `errno`, where it is one of that kind.
  package static func noteFailure(_ number: Int32) { ProcessFiles.noteFailure(number) }

  /// Of the processes for whose ends ``ProcessExit`` waits, those that live at this moment, by pid: one system
  /// call for all of them. One that is missing is not known to have ended.
  package func watchedAlive() -> [Int32: ProcessIdentity] { root == "/proc" ? WatchedProcesses.shared.alive() : [:] }

  /// The processes whose parent this is, zombies included.
  package func children(of pid: Int32) -> [ProcessStatus] {
    listedChildren(of: pid) ?? all().filter { $0.parent == pid }
  }

  /// Children, their children and so on, the deepest first.
  package func descendants(of pid: Int32) -> [ProcessStatus] {
    var found: [ProcessStatus] = []
    var seen: Set<Int32> = [pid]
    var level = [pid]
    while !level.isEmpty {
      let next = level.flatMap { children(of: $0) }.filter { seen.insert($0.pid).inserted }
      found += next
      level = next.map(\.pid)
    }
    return found.reversed()
  }

  /// Every process that can be seen.
  package func all() -> [ProcessStatus] {
    (ProcessFiles.numbers(in: root) ?? []).compactMap { status($0) }
  }

  /// The words by which the process was started; empty for a zombie, `nil` where there is none.
  package func arguments(of pid: Int32) -> [String]? {
    ProcessFiles.strings("\(root)/\(pid)/cmdline")
  }

  /// The environment with which the program was started; later changes do not show. `nil` where it
  /// may not be read, as that of another user.
  package func environment(of pid: Int32) -> [String: String]? {
    guard let entries = ProcessFiles.strings("\(root)/\(pid)/environ") else { return nil }
    var variables: [String: String] = [:]
    for entry in entries {
      guard let equals = entry.firstIndex(of: "="), equals > entry.startIndex else { continue }
      let name = String(entry[..<equals])
      // Of a name that occurs twice, getenv finds the first.
      if variables[name] == nil { variables[name] = String(entry[entry.index(after: equals)...]) }
    }
    return variables
  }

  /// The canonical path of the directory the process is in, with ` (deleted)` at its end where that
  /// is gone; `nil` where it may not be read.
  package func workingDirectory(of pid: Int32) -> String? {
    ProcessFiles.destination(of: "\(root)/\(pid)/cwd")
  }

  /// The name of this life of the machine: pids and start times of another one mean nothing.
  package func bootID() -> String? {
    guard let text = ProcessFiles.text("\(root)/sys/kernel/random/boot_id") else { return nil }
    let identifier = String(text.prefix { $0 != "\n" })
    return identifier.isEmpty ? nil : identifier
  }

  /// When a process was started, in seconds since 1970, to a second or so: the kernel keeps the time
  /// since boot, and knows the boot's own time only to the second. `nil` where `/proc` does not say.
  package func startOfLife(of process: ProcessIdentity) -> Int64? {
    let lines = ProcessFiles.text("\(root)/stat")?.split(separator: "\n") ?? []
    guard let boot = lines.first(where: { $0.hasPrefix("btime ") }).flatMap({ Int64($0.dropFirst(6)) }) else {
      return nil
    }
    let (start, overflow) = boot.addingReportingOverflow(
      Int64(clamping: process.startTime) / Int64(sysconf(Int32(_SC_CLK_TCK))))
    return overflow ? nil : start
  }

  /// How long a process has been there, to a hundredth of a second; the sleep of the machine counts.
  package func age(of process: ProcessIdentity) -> Duration {
    Swift.max(ProcessTable.age(startTime: process.startTime), .zero)
  }

  /// The children as the kernel lists them for each thread; `nil` where it was built without that.
  private func listedChildren(of pid: Int32) -> [ProcessStatus]? {
    guard let threads = ProcessFiles.numbers(in: "\(root)/\(pid)/task") else { return [] }
    var children: [ProcessStatus] = []
    for thread in threads {
      guard let text = ProcessFiles.text("\(root)/\(pid)/task/\(thread)/children") else {
        // The thread has ended meanwhile, or no thread has such a file.
        if ProcessFiles.text("\(root)/\(pid)/task/\(thread)/stat") == nil { continue }
        return nil
      }
      children += text.split { $0 == " " || $0 == "\n" }.compactMap { Int32($0) }.compactMap { status($0) }
    }
    return children
  }
}
