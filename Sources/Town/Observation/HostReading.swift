// SPDX-License-Identifier: Apache-2.0

/// The host's free disk space and memory pressure. A value that cannot be read is `nil` and holds no agent back.
package struct HostReading: Sendable, Hashable {
  /// What is free on the town's disk, in bytes.
  package var diskFree: Int64?
  /// Pressure on the memory: the share of the last ten seconds, in percent, in which some process waited
  /// for it.
  package var memoryPressure: Double?

  package init(diskFree: Int64? = nil, memoryPressure: Double? = nil) {
    self.diskFree = diskFree
    self.memoryPressure = memoryPressure
  }

  /// Reads `/proc/pressure/memory`; `nil` where it does not say.
  package static func pressure(_ text: some StringProtocol) -> Double? {
    for line in text.split(separator: "\n") where line.hasPrefix("some ") {
      for field in line.split(separator: " ") where field.hasPrefix("avg10=") {
        guard let value = Double(field.dropFirst("avg10=".count)), (0...100).contains(value) else { return nil }
        return value
      }
    }
    return nil
  }
}
