// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Where everything of one simulation runs: one job after the other, in the order in which they came, on the
/// thread that calls ``drain()``. With that, and with a clock that only the simulation moves, the same seed
/// gives the same run.
package final class SimulationExecutor: TaskExecutor {
  private let queue = Mutex<[UnownedJob]>([])

  package init() {}

  package func enqueue(_ job: consuming ExecutorJob) {
    let job = UnownedJob(job)
    queue.withLock { $0.append(job) }
  }

  /// Runs what is there, and what comes of it, until nobody can go on without the clock.
  ///
  /// - Returns: how many jobs there were.
  @discardableResult
  package func drain() -> Int {
    var count = 0
    while true {
      let jobs = queue.withLock { queue in
        let jobs = queue
        queue.removeAll(keepingCapacity: true)
        return jobs
      }
      if jobs.isEmpty { return count }
      count += jobs.count
      for job in jobs { job.runSynchronously(on: asUnownedTaskExecutor()) }
    }
  }
}
