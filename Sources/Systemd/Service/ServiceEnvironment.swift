// SPDX-License-Identifier: Apache-2.0

import Glibc

/// What the service manager said to this process, read once, before any of it is handed on.
///
/// Variables that are there but meant for another process (an agent's shell inherits many) count as
/// absent, and so do those that cannot be read.
package struct ServiceEnvironment: Sendable, Hashable {
  /// A descriptor that was handed over, and the name its unit gave it.
  package struct NamedDescriptor: Sendable, Hashable {
    package var descriptor: Int32
    package var name: String

    package init(descriptor: Int32, name: String) {
      self.descriptor = descriptor
      self.name = name
    }
  }

  /// The address for status messages to the manager: a path, or `@` and an abstract name.
  package var notifySocket: String?
  /// How long the manager waits between two signs of life before it ends the process.
  package var watchdogInterval: Duration?
  /// The descriptors that were handed over.
  package var listenDescriptors: [NamedDescriptor]
  /// Whether standard error is the journal's own stream.
  package var isStandardErrorJournal: Bool

  /// - Parameters:
  ///   - variables: the environment of the process.
  ///   - processIdentifier: our own.
  ///   - standardError: the descriptor that `JOURNAL_STREAM` is compared with.
  package init(
    _ variables: [String: String], processIdentifier: Int32 = getpid(), standardError: Int32 = STDERR_FILENO
  ) {
    notifySocket = variables["NOTIFY_SOCKET"].flatMap { $0.hasPrefix("/") || $0.hasPrefix("@") ? $0 : nil }
    watchdogInterval = Self.watchdogInterval(variables, processIdentifier)
    listenDescriptors = Self.listenDescriptors(variables, processIdentifier)
    isStandardErrorJournal = Self.isJournal(standardError, stream: variables["JOURNAL_STREAM"])
  }

  private static func watchdogInterval(_ variables: [String: String], _ processIdentifier: Int32) -> Duration? {
    guard let microseconds = variables["WATCHDOG_USEC"].flatMap(Int64.init), microseconds > 0 else { return nil }
    if let owner = variables["WATCHDOG_PID"], Int32(owner) != processIdentifier { return nil }
    return .microseconds(microseconds)
  }

  private static func listenDescriptors(
    _ variables: [String: String], _ processIdentifier: Int32
  ) -> [NamedDescriptor] {
    guard
      variables["LISTEN_PID"].flatMap(Int32.init) == processIdentifier,
      let count = variables["LISTEN_FDS"].flatMap(Int32.init), (1...65_536).contains(count)
    else { return [] }
    let names = (variables["LISTEN_FDNAMES"] ?? "").split(separator: ":", omittingEmptySubsequences: false)
    return (0..<count).map { index in
      // `unknown` is the manager's own word for a descriptor without a name.
      let name = Int(index) < names.count && !names[Int(index)].isEmpty ? String(names[Int(index)]) : "unknown"
      return NamedDescriptor(descriptor: ListenDescriptors.first + index, name: name)
    }
  }

  private static func isJournal(_ descriptor: Int32, stream: String?) -> Bool {
    guard let parts = stream?.split(separator: ":"), parts.count == 2,
      let device = UInt64(parts[0]), let inode = UInt64(parts[1])
    else { return false }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else { return false }
    return UInt64(status.st_dev) == device && UInt64(status.st_ino) == inode
  }
}
