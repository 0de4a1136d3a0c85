// SPDX-License-Identifier: Apache-2.0

@testable import Processes
import Testing
import Glibc

/// The kernel's own word that the clock was set. A step by a nanosecond disturbs no other program, and is told of as any other.
@Suite(.timeLimit(.minutes(1))) struct WallClockTests {
  /// Puts the clock forward by a nanosecond: `adjtimex(2)` with `ADJ_SETOFFSET` and `ADJ_NANO`, and zero for all else in
  /// its structure but `time.tv_usec`.
  private static func step() -> Bool {
    typealias Adjust = @convention(c) (UnsafeMutableRawPointer) -> Int32
    guard let adjust = dlsym(nil, "adjtimex").map({ unsafeBitCast($0, to: Adjust.self) }) else { return false }
    var change = [UInt64](repeating: 0, count: 64)
    change[0] = 0x0100 | 0x2000
    change[10] = 1
    return change.withUnsafeMutableBytes { bytes in bytes.baseAddress.map { adjust($0) >= 0 } ?? false }
  }

  static let mayStep = step()

  @Test(.enabled(if: mayStep, "only a privileged process may set the clock (CAP_SYS_TIME)"))
  func `a clock that is set ends the wait`() async throws {
    let timer = SystemCall.wallClockTimer()
    #expect(timer >= 0)
    defer { close(timer) }
    async let waiting: Void = WallClock.waitForStep()
    // The wait may not have begun at the first step.
    let steps = Task {
      while !Task.isCancelled {
        _ = Self.step()
        try await Task.sleep(for: .milliseconds(20))
      }
    }
    try await waiting
    steps.cancel()
    var expirations: UInt64 = 0
    #expect(read(timer, &expirations, 8) == -1 && errno == ECANCELED)
  }

  @Test func `a wait that is cancelled ends`() async throws {
    let waiting = Task { try await WallClock.waitForStep() }
    waiting.cancel()
    // Where the clock was set before that, it ends well.
    do { try await waiting.value } catch { #expect(error is CancellationError) }
  }
}
