// SPDX-License-Identifier: Apache-2.0

import CMalloc
import Synchronization

/// Gives memory that is no longer used back to the system.
///
/// A daemon that lives for months, and whose worst minute needs ten times what the others do, shall not keep that
/// minute's memory: after 200 deaths at once the C library keeps 40 MB for the 5 MB that are in use.
package final class FreedMemory: Sendable {
  private let clock = ContinuousClock()
  private let last = Mutex<ContinuousClock.Instant?>(nil)
  /// It takes a millisecond or two, in which nobody else can have memory.
  private static let pause = Duration.seconds(30)

  /// To be made first of all.
  ///
  /// The C library learns from the sizes that are freed: after one large buffer, and reading a command's output
  /// reserves one of 16 MB, it keeps up to twice as much at the end of each of its heaps, of which there are up to
  /// eight for each processor. A threshold that is set by hand ends the learning.
  package init() {
    mallopt(M_MMAP_THRESHOLD, 128 << 10)
    mallopt(M_TRIM_THRESHOLD, 256 << 10)
    mallopt(M_ARENA_MAX, 2)
  }

  /// Gives back what is free inside the heaps too, unless that was done a short while ago. Does not wait for it.
  package func giveBackWhereDue() {
    let now = clock.now
    let isDue = last.withLock { last in
      if let last, now - last < FreedMemory.pause { return false }
      last = now
      return true
    }
    if isDue { Task.detached(priority: .background) { malloc_trim(0) } }
  }
}
