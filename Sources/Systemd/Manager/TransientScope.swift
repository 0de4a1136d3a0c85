// SPDX-License-Identifier: Apache-2.0

/// A scope: a control group that the user manager makes around processes that run already.
package struct TransientScope: Sendable, Hashable {
  /// The unit's name, with `.scope` at its end.
  package var unit: String
  package var slice: String
  package var description: String
  package var processes: [Int32]
  /// Units that are stopped before this one is, where both are stopped.
  package var stoppedAfter: [String]
  package var limits: Limits

  /// The most that the processes of a unit may use together; `nil` is no limit.
  package struct Limits: Sendable, Hashable {
    /// In bytes.
    package var memoryMax: Int64?
    /// Processes and threads.
    package var tasksMax: Int64?

    package init(memoryMax: Int64? = nil, tasksMax: Int64? = nil) {
      self.memoryMax = memoryMax
      self.tasksMax = tasksMax
    }

    /// No limit, said expressly: it lifts one that is set.
    package static let infinity = Int64.max

    var properties: [UnitProperty] {
      [("MemoryMax", memoryMax), ("TasksMax", tasksMax)].compactMap { name, limit in
        limit.map { UnitProperty(name, .number($0 == Self.infinity ? .max : UInt64(clamping: $0))) }
      }
    }
  }

  package init(
    unit: String, slice: String, description: String, processes: [Int32], stoppedAfter: [String] = [],
    limits: Limits = Limits()
  ) {
    self.unit = unit
    self.slice = slice
    self.description = description
    self.processes = processes
    self.stoppedAfter = stoppedAfter
    self.limits = limits
  }

  /// - Parameter withPolicy: whether `OOMPolicy=` is set: systemd before 253 has none for scopes, except for versions
  ///   with the backport.
  func properties(withPolicy: Bool) -> [UnitProperty] {
    var properties = [
      UnitProperty("PIDs", .processes(processes.map { UInt32(clamping: $0) })),
      UnitProperty("Slice", .text(slice)),
      UnitProperty("Description", .text(description)),
      // Nothing of it is kept once it is over, however it ended.
      UnitProperty("CollectMode", .text("inactive-or-failed")),
      // At logout: shells ignore SIGTERM.
      UnitProperty("SendSIGHUP", .flag(true)),
      UnitProperty("TimeoutStopUSec", .number(10_000_000)),
    ]
    // What stands before another unit is stopped after it.
    if !stoppedAfter.isEmpty { properties.append(UnitProperty("Before", .texts(stoppedAfter))) }
    // A compiler that is killed for memory is not the end of the agent that has called it.
    if withPolicy { properties.append(UnitProperty("OOMPolicy", .text("continue"))) }
    return properties + limits.properties
  }
}
