// SPDX-License-Identifier: Apache-2.0

@preconcurrency import Dispatch
import Glibc

/// Tells that something in a directory has changed; the kernel tells, nothing is polled.
package enum DirectoryWatch {
  /// An element whenever files of the directory itself were written, made, renamed or removed since the
  /// last one was taken. Ends when the directory is removed or renamed.
  ///
  /// - Throws: ``TownFileError`` where the directory cannot be watched, such as for want of watches.
  package static func changes(in path: String) throws(TownFileError) -> AsyncStream<Void> {
    let descriptor = inotify_init1(Int32(IN_CLOEXEC) | Int32(IN_NONBLOCK))
    guard descriptor >= 0 else { throw TownFileError(.unreadable, path: path, reason: Disk.reason(errno)) }
    let mask = IN_MODIFY | IN_MOVED_TO | IN_CREATE | IN_DELETE | IN_MOVE_SELF | IN_ONLYDIR
    guard inotify_add_watch(descriptor, path, UInt32(mask)) >= 0 else {
      let code = errno
      close(descriptor)
      throw TownFileError(code == ENOENT ? .missing : .unreadable, path: path, reason: Disk.reason(code))
    }
    let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .global())
    return AsyncStream(bufferingPolicy: .bufferingNewest(1)) { continuation in
      source.setEventHandler {
        if drain(descriptor) { continuation.yield() } else { continuation.finish() }
      }
      source.setCancelHandler { close(descriptor) }
      continuation.onTermination = { _ in source.cancel() }
      source.activate()
    }
  }

  /// Takes what the kernel has to tell. What it was does not matter, but that the directory is gone.
  private static func drain(_ descriptor: Int32) -> Bool {
    var isThere = true
    let size = 64 << 10
    withUnsafeTemporaryAllocation(byteCount: size, alignment: MemoryLayout<inotify_event>.alignment) { buffer in
      while case let count = read(descriptor, buffer.baseAddress, size), count > 0 {
        var offset = 0
        while offset + MemoryLayout<inotify_event>.size <= count {
          let event = buffer.load(fromByteOffset: offset, as: inotify_event.self)
          if event.mask & UInt32(IN_IGNORED | IN_MOVE_SELF) != 0 { isThere = false }
          offset += MemoryLayout<inotify_event>.size + Int(event.len)
        }
      }
    }
    return isThere
  }
}
