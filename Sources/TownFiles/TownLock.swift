// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

/// The lock of the one supervisor of a town, held for as long as this value lives.
///
/// It is the file's `flock`, not its content, that counts: the kernel lets go of it when the process
/// ends, however it ends. The pid in the file only tells a person who holds it.
package final class TownLock: Sendable {
  private let descriptor: Int32

  /// Takes the lock.
  ///
  /// - Throws: ``TownFileError``: `.held` with the holder's pid where somebody else has it.
  package init(layout: TownLayout) throws(TownFileError) {
    let path = layout.lock
    try layout.checkBounds(of: path)
    try Disk.makeDirectory(Disk.parent(of: path))
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw TownFileError(.unwritable, path: path, reason: Disk.reason(errno)) }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      if code == EINTR { continue }
      close(descriptor)
      guard code == EWOULDBLOCK else { throw TownFileError(.unwritable, path: path, reason: Disk.reason(code)) }
      let holder = TownLock.holder(layout: layout).map { "pid \($0)" } ?? "another process"
      throw TownFileError(.held, path: path, reason: "this town is supervised already, by \(holder)")
    }
    self.descriptor = descriptor
    let text = Array("\(getpid())\n".utf8)
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.count, 0)
  }

  deinit { close(descriptor) }

  /// Takes the lock, and waits for it where somebody has it: for an instant only, as whoever just asks
  /// (``currentHolder(layout:)``), or for a short piece of work.
  ///
  /// - Throws: ``TownFileError``, `.held` where somebody else has it for longer than `patience`;
  ///   `CancellationError`.
  package static func take(
    layout: TownLayout, patience: Duration, waiting: (TownFileError) -> Void = { _ in }
  ) async throws -> TownLock {
    let end = ContinuousClock.now + patience
    while true {
      do throws(TownFileError) {
        return try TownLock(layout: layout)
      } catch {
        guard error.code == .held, ContinuousClock.now < end else { throw error }
        waiting(error)
      }
      try await Task.sleep(for: .milliseconds(10))
    }
  }

  /// The pid that the lock's file names; `nil` where it names none.
  private static func holder(layout: TownLayout) -> Int32? {
    guard let content = try? Disk.read(layout.lock, limit: FileLimit.processNumber) else { return nil }
    let text = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
    return text.flatMap { Int32($0) }
  }

  /// Whether somebody supervises the town, without taking the lock. Returns the holder's pid, 0 where
  /// it is not known, and `nil` where nobody holds it.
  package static func currentHolder(layout: TownLayout) -> Int32? {
    // What is no file at all must not make anybody wait.
    let descriptor = open(layout.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // A shared lock that is given back at once: it never keeps a supervisor out for longer than this call.
    guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else { return nil }
    return holder(layout: layout) ?? 0
  }
}
