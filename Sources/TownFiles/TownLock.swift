// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Glibc

/// The lock of the one supervisor of a town, held for as long as this value lives.
///
/// It is the file's `flock`, not its content, that counts: the kernel lets go of it when the process
/// ends, however it ends. The pid in the file only tells a person who holds it.
package final class TownLock: Sendable {
  private let descriptor: Mutex<Int32>
  private let layout: TownLayout

  /// Takes the lock.
  ///
  /// - Throws: ``TownFileError``: `.held` with the holder's pid and program where another process has it.
  package init(layout: TownLayout) throws(TownFileError) {
    self.layout = layout
    descriptor = Mutex(try TownLock.lockedFile(of: layout))
  }

  /// What ``keep()`` has found.
  package enum Keeping: Sendable, Hashable {
    case held
    /// The file was gone or another one, and there is one again that this process has locked.
    case madeAnew
    /// Another process has the lock of the file that is there now.
    case lost(TownFileError)
    /// Whether another process has it is not known.
    case unknown(TownFileError)
  }

  /// Sees whether the file that was locked is still the one at its path: a lock on a file that was removed keeps no process
  /// out. Where it is not, the one at the path is locked, and made where there is none.
  package func keep() -> Keeping {
    descriptor.withLock { descriptor in
      var own = stat()
      var present = stat()
      if fstat(descriptor, &own) == 0, lstat(layout.lock, &present) == 0, own.st_dev == present.st_dev,
        own.st_ino == present.st_ino
      {
        return .held
      }
      do throws(TownFileError) {
        let anew = try TownLock.lockedFile(of: layout)
        close(descriptor)
        descriptor = anew
        return .madeAnew
      } catch {
        return error.code == .held ? .lost(error) : .unknown(error)
      }
    }
  }

  /// Opens the lock's file, and locks it.
  private static func lockedFile(of layout: TownLayout) throws(TownFileError) -> Int32 {
    let path = layout.lock
    try layout.checkBounds(of: path)
    try Disk.makeDirectory(Disk.parent(of: path))
    let descriptor = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o600)
    guard descriptor >= 0 else { throw TownFileError(.unwritable, path: path, reason: Disk.reason(errno)) }
    while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
      let code = errno
      if code == EINTR { continue }
      defer { close(descriptor) }
      guard code == EWOULDBLOCK else { throw TownFileError(.unwritable, path: path, reason: Disk.reason(code)) }
      let holder = TownLock.holder(of: descriptor, layout: layout)
      throw TownFileError(
        .held, path: path, reason: holder?.refusal ?? "this town is supervised already, by another process")
    }
    // A file with another name may be a person's: it is a lock all the same, and is not written.
    guard (try? Disk.sizeOfOwn(descriptor, path: path)) != nil else { return descriptor }
    let text = Array("\(getpid())\n".utf8)
    _ = ftruncate(descriptor, 0)
    _ = pwrite(descriptor, text, text.count, 0)
    return descriptor
  }

  deinit {
    descriptor.withLock { descriptor in
      // A process that another thread has just forked shares the open file until its exec.
      flock(descriptor, LOCK_UN)
      close(descriptor)
    }
  }

  /// Takes the lock, and waits for it while another process has it: for an instant, as during a query
  /// (``currentHolder(layout:)``), or for a short piece of work.
  ///
  /// - Throws: ``TownFileError``, `.held` where another process has it for longer than `patience`; `CancellationError`.
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

  /// Who holds the lock, by the kernel's account.
  package struct Holder: Sendable, Hashable {
    package var pid: Int32
    /// The name of the program that it runs.
    package var program: String
    /// Whether that is one of ours. Any process of the town's user can take the lock, and then the town is not
    /// supervised.
    package var isOurs: Bool
    /// Whether it is a tmux server or an agent, or has one below it: to end it would end agents.
    package var hostsAgents: Bool

    package init(pid: Int32, program: String, isOurs: Bool, hostsAgents: Bool = false) {
      self.pid = pid
      self.program = program
      self.isOurs = isOurs
      self.hostsAgents = hostsAgents
    }

    /// The command that ends it; `nil` where agents would end with it.
    package var remedy: String? { hostsAgents ? nil : "kill \(pid)" }

    /// What a person can do about one that is none of ours.
    package var wayOut: String {
      if let remedy { return "end it (\(remedy)), or have it close that file" }
      return """
        do not end it, as agents end with it; have it close that file: a tmux server has it from one of its clients \
        (tmux list-clients, tmux detach-client -t CLIENT)
        """
    }

    /// Why no other process may supervise the town, with the way out.
    package var refusal: String {
      if isOurs { return "this town is supervised already, by pid \(pid) (\(program))" }
      return """
        pid \(pid) (\(program)) holds it, which is not a gastown-daemon; this town is not supervised: \(wayOut)
        """
    }
  }

  /// The pid that the lock's file names; `nil` where it names none. Any process may have written it.
  private static func named(layout: TownLayout) -> Int32? {
    guard let content = try? Disk.read(layout.lock, limit: FileLimit.processNumber) else { return nil }
    let text = String(decoding: content, as: UTF8.self).split(whereSeparator: \.isWhitespace).first
    return text.flatMap { Int32($0) }
  }

  private static func holder(of descriptor: Int32, layout: TownLayout) -> Holder? {
    let holders = holders(of: descriptor, hint: named(layout: layout))
    return holders.first(where: \.isOurs) ?? holders.first
  }

  private static func holders(of descriptor: Int32, hint: Int32?) -> [Holder] {
    LockHolders.find(of: descriptor, hint: hint).map { pid in
      let program = LockHolders.program(of: pid)
      let isOurs = ["gastown-daemon", "gt", LockHolders.program(of: getpid())].contains(program)
      return Holder(
        pid: pid, program: program, isOurs: isOurs, hostsAgents: !isOurs && LockHolders.hostsAgents(pid))
    }
  }

  /// Who holds the lock, without taking it; `nil` where no process does, or where the holder cannot be determined. Of
  /// those who share it, which keeps a supervisor out as well, only a program that is none of ours: ours ask whether it
  /// is held in this way.
  package static func holder(layout: TownLayout) -> Holder? {
    if let holder = withHeldFile(of: layout, { holder(of: $0, layout: layout) }) { return holder }
    let descriptor = open(layout.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    return holders(of: descriptor, hint: nil).first { !$0.isOurs }
  }

  /// Whether a process holds the lock, without taking it. Returns the holder's pid, 0 where it is not known, and `nil`
  /// where no process holds it.
  package static func currentHolder(layout: TownLayout) -> Int32? {
    withHeldFile(of: layout) { holder(of: $0, layout: layout)?.pid ?? 0 }
  }

  /// `nil` where the lock is not held.
  private static func withHeldFile<Value>(of layout: TownLayout, _ body: (Int32) -> Value) -> Value? {
    // What is no file at all must not make anybody wait.
    let descriptor = open(layout.lock, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    // A shared lock that is given back at once: it never keeps a supervisor out for longer than this call.
    guard flock(descriptor, LOCK_SH | LOCK_NB) != 0 else {
      flock(descriptor, LOCK_UN)
      return nil
    }
    return body(descriptor)
  }
}
