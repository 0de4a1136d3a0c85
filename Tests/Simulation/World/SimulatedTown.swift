// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Town

/// The one holder of a simulation's world. Everything happens on one thread; the lock is for the compiler.
final class SimulatedTown: Sendable {
  private let world: Mutex<SimulatedWorld>

  init(_ scenario: Scenario, plant: SeededDefect?, trace: Trace.Extent) {
    world = Mutex(SimulatedWorld(scenario, plant: plant, trace: trace))
  }

  func with<Result: Sendable>(_ body: (inout SimulatedWorld) -> Result) -> Result { world.withLock { body(&$0) } }

  /// Waits for so many milliseconds of virtual time, deaf to cancellation, as an outside command is.
  func pause(_ time: Int64, of daemon: Int) async throws(DaemonDeath) {
    do {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        with { world in
          guard world.lives(daemon) else { return continuation.resume(throwing: DaemonDeath()) }
          world.lastWait += 1
          world.waits[world.lastWait] = SimulatedWorld.Wait(
            daemon: daemon, isSleep: false, continuation: continuation)
          world.agenda.enter(.wake(world.lastWait), at: world.clock + time)
        }
      }
    } catch {
      throw DaemonDeath()
    }
  }

  /// Waits until `entry` has itself woken, or the task is cancelled.
  ///
  /// - Parameter entry: has the wait of this number woken, and returns `false` where there is nothing to wait for.
  func wait(
    of daemon: Int, isSleep: Bool, entry: @Sendable (inout SimulatedWorld, Int) -> Bool
  ) async throws {
    let id = with { world in
      world.lastWait += 1
      return world.lastWait
    }
    try await withTaskCancellationHandler {
      try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
        let isCancelled = Task.isCancelled
        with { world in
          if isCancelled || !world.lives(daemon) { return continuation.resume(throwing: CancellationError()) }
          guard entry(&world, id) else { return continuation.resume() }
          world.waits[id] = SimulatedWorld.Wait(daemon: daemon, isSleep: isSleep, continuation: continuation)
        }
      }
    } onCancel: {
      with { $0.wake(id, throwing: CancellationError()) }
    }
  }
}

/// The daemon's process has ended; nothing that it was about to do is done.
struct DaemonDeath: Error {}

extension SimulatedWorld {
  func lives(_ number: Int) -> Bool {
    guard let daemon, daemon.number == number else { return false }
    return !daemon.isDead
  }

  /// As `kill -9` does: at once, and whoever waits for something of it waits no longer.
  mutating func killDaemon(_ why: String) {
    guard let daemon, !daemon.isDead else { return }
    self.daemon?.isDead = true
    note("daemon \(daemon.number) is dead: \(why)")
    for id in waits.filter({ $0.value.daemon == daemon.number }).keys.sorted() { wake(id, throwing: DaemonDeath()) }
  }

  /// Whether the daemon lives to have this effect. Its death may be just here.
  mutating func reaches(_ number: Int, _ effect: Effect, _ subject: @autoclosure () -> String = "") -> Bool {
    guard lives(number) else { return false }
    if let fuse = daemon?.fuse {
      if fuse <= 0 {
        killDaemon("before \(effect)")
        return false
      }
      daemon?.fuse = fuse - 1
    }
    inspector.effects += 1
    note("\(effect) \(subject())")
    return true
  }
}
