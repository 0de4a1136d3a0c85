// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

/// Descriptors of processes that outlast the process which has opened them, in somebody else's keeping.
///
/// Such a descriptor tells whether its process has ended since, reaped or not, and cannot come to mean another
/// one: nobody could be sure of that who finds only a pid in a file.
package enum KeptProcess {
  /// Opens a descriptor of exactly this process, closed on exec; the caller closes it.
  ///
  /// - Throws: ``SignalError``; `noSuchProcess` where it is gone.
  package static func open(_ process: ProcessIdentity) throws(SignalError) -> Int32 {
    try ProcessDescriptor(process).release()
  }

  /// Takes over a descriptor that was kept: whoever asks for this process, or waits for its end, asks it.
  package static func inherit(_ process: ProcessIdentity, descriptor: Int32) {
    WatchedProcesses.shared.inherit(process, descriptor: descriptor)
  }

  /// Whether it has ended, by a descriptor that was taken over; `nil` where there is none.
  package static func hasEnded(_ process: ProcessIdentity) -> Bool? { WatchedProcesses.shared.hasEnded(process) }

  /// Closes what was taken over, where nobody waits for it.
  package static func release(_ process: ProcessIdentity) {
    if let descriptor = WatchedProcesses.shared.takeInherited(process) { close(descriptor) }
  }
}

/// A file in memory that outlasts its process, where somebody else keeps the descriptor.
package enum KeptMemory {
  /// Makes one, closed on exec; `nil` where the kernel has none to give.
  package static func make() -> Int32? {
    let descriptor = SystemCall.memoryFile()
    return descriptor < 0 ? nil : descriptor
  }

  /// Replaces its content by one line. Whoever is ended in the middle of it leaves a line that cannot be read, or
  /// one behind which a former one goes on.
  package static func write(_ line: [UInt8], to descriptor: Int32) {
    let bytes = line + [0x0A]
    guard pwrite(descriptor, bytes, bytes.count, 0) == bytes.count else { return }
    _ = ftruncate(descriptor, bytes.count)
  }

  /// The first line, 16 MB at most.
  package static func line(of descriptor: Int32) -> [UInt8] {
    var status = stat()
    guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG, status.st_size <= 16 << 20 else {
      return []
    }
    var bytes = [UInt8](repeating: 0, count: Int(status.st_size))
    let count = pread(descriptor, &bytes, bytes.count, 0)
    return Array(bytes.prefix(max(count, 0)).prefix { $0 != 0x0A })
  }
}
