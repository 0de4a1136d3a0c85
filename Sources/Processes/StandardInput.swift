// SPDX-License-Identifier: Apache-2.0

import Commands
import SystemPackage
import Glibc

/// What a child is to read, in a file without a name that only memory holds.
///
/// Not a pipe: a child that ends before it has read everything would break it, and that ends us, by
/// SIGPIPE or within swift-subprocess (its issue 367).
enum StandardInput {
  /// A descriptor from which `bytes` can be read; the caller closes it.
  ///
  /// - Throws: ``CommandError`` where there is no memory or no descriptor for it.
  static func open(_ bytes: [UInt8], for command: Command) throws(CommandError) -> FileDescriptor {
    let number = SystemCall.memoryFile()
    guard number >= 0 else {
      throw CommandError(
        .failedToStart, command: command, reason: "no file in memory for its input: \(Errno(rawValue: errno))")
    }
    let descriptor = FileDescriptor(rawValue: number)
    do {
      try descriptor.writeAll(bytes)
      try descriptor.seek(offset: 0, from: .start)
      return descriptor
    } catch {
      try? descriptor.close()
      throw CommandError(.failedToStart, command: command, reason: "no memory for its input: \(error)")
    }
  }
}
