// SPDX-License-Identifier: Apache-2.0

/// What was promised for a measurement.
struct Target {
  /// At most this, in the measurement's unit.
  var median: Double
  var p99: Double?

  /// - Returns: `nil` where nothing was promised.
  init?(_ measurement: Measurement) {
    switch (measurement.kind, measurement.agents, measurement.store) {
    case (.death, 200, .embedded): self.init(10, p99: 50)
    case (.death, 200, .bd): self.init(250)
    case (.mass, 200, _): self.init(3_000)
    case (.beatProcesses, _, _): self.init(4)
    case (.beatTime, 200, .embedded): self.init(50)
    case (.beatTime, 200, .bd): self.init(250)
    case (.idleProcessor, 200, _), (.idleWakeups, 200, _): self.init(0)
    case (.anonymousMemory, 200, _), (.freshAnonymousMemory, 200, _): self.init(8)
    case (.residentMemory, 200, _), (.freshResidentMemory, 200, _): self.init(24)
    case (.start, 200, _): self.init(150)
    default: return nil
    }
  }

  private init(_ median: Double, p99: Double? = nil) {
    self.median = median
    self.p99 = p99
  }

  func isMet(by figure: Figure) -> Bool {
    figure.median <= median && (p99.map { figure.p99 <= $0 } ?? true)
  }
}
