// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// Runs asynchronous code on the thread that asks for it, where that code waits for nobody.
enum Inline {
  private final class Executor: TaskExecutor {
    func enqueue(_ job: consuming ExecutorJob) {
      job.runSynchronously(on: asUnownedTaskExecutor())
    }
  }

  private final class Box<Value: Sendable>: Sendable {
    let value = Mutex<Value?>(nil)
  }

  private static let executor = Executor()

  /// - Throws: ``Broken`` where the code is not done when it first waits.
  static func run<Value: Sendable>(_ body: @escaping @Sendable () async -> Value) throws -> Value {
    let box = Box<Value>()
    Task(executorPreference: executor) {
      let value = await body()
      box.value.withLock { $0 = value }
    }
    guard let value = box.value.withLock({ $0 }) else { throw Broken(description: "it waits for somebody") }
    return value
  }
}
