// SPDX-License-Identifier: Apache-2.0

import Glibc

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

  private typealias TimerCreate = @convention(c) (Int32, Int32) -> Int32
  private typealias TimerSet =
    @convention(c) (Int32, Int32, UnsafePointer<itimerspec>, UnsafeMutableRawPointer?) -> Int32
  private static let timerCreate = dlsym(nil, "timerfd_create").map { unsafeBitCast($0, to: TimerCreate.self) }
  private static let timerSet = dlsym(nil, "timerfd_settime").map { unsafeBitCast($0, to: TimerSet.self) }

  /// `timerfd_create(2)` and `timerfd_settime(2)`: a descriptor, closed on exec, that can be read from when the wall clock
  /// is set (`TFD_TIMER_CANCEL_ON_SET`). The timer itself ends in a hundred years.
  static func wallClockTimer() -> Int32 {
    guard let timerCreate, let timerSet else { return missing() }
    let number = timerCreate(CLOCK_REALTIME, Int32(O_CLOEXEC | O_NONBLOCK))
    guard number >= 0 else { return -1 }
    let century = timespec(tv_sec: time(nil) + 100 * 31_557_600, tv_nsec: 0)
    let never = itimerspec(it_interval: timespec(), it_value: century)
    // TFD_TIMER_ABSTIME and TFD_TIMER_CANCEL_ON_SET.
    let isSet = withUnsafePointer(to: never) { timerSet(number, 1 | 2, $0, nil) }
    guard isSet == 0 else {
      let reason = errno
      close(number)
      errno = reason
      return -1
    }
    return number
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
