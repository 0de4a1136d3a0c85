// SPDX-License-Identifier: Apache-2.0

#if canImport(Glibc)
  import Glibc
#endif

/// System calls that glibc's module for Swift does not have. Each is -1 with `errno` where it fails.
enum SystemCall {
  private typealias Syscall = @convention(c) (Int, Int, Int, Int, Int) -> Int
  private typealias MemoryFile = @convention(c) (UnsafePointer<CChar>, UInt32) -> Int32

  /// `syscall(2)`, which Swift cannot call by name as it takes a variable number of arguments. The
  /// registers are the same for these integers with and without that on every Linux ABI.
  private static let syscall: Syscall? = dlsym(nil, "syscall").map { unsafeBitCast($0, to: Syscall.self) }

  private static let memfdCreate: MemoryFile? = dlsym(nil, "memfd_create").map {
    unsafeBitCast($0, to: MemoryFile.self)
  }

  /// `pidfd_open(2)`. Numbers above 423 are the same on every architecture.
  static func openProcess(_ pid: Int32) -> Int32 {
    call(434, Int(pid), 0, 0, 0)
  }

  /// `pidfd_send_signal(2)`
  static func sendSignal(_ signal: Int32, toProcess descriptor: Int32) -> Int32 {
    call(424, Int(descriptor), Int(signal), 0, 0)
  }

  /// `memfd_create(2)`, closed on exec.
  static func memoryFile() -> Int32 {
    guard let memfdCreate else { return missing() }
    return memfdCreate("input", 1)
  }

  private static func call(_ number: Int, _ a: Int, _ b: Int, _ c: Int, _ d: Int) -> Int32 {
    guard let syscall else { return missing() }
    return Int32(truncatingIfNeeded: syscall(number, a, b, c, d))
  }

  private static func missing() -> Int32 {
    errno = ENOSYS
    return -1
  }
}
