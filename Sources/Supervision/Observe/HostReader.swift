// SPDX-License-Identifier: Apache-2.0

import Glibc
package import Town
package import TownFiles

/// Reads how much room the host has for more agents.
package struct HostReader: Sendable {
  /// A directory on the disk in question.
  private let directory: String
  private let pressureFile: String

  package init(layout: TownLayout, pressureFile: String = "/proc/pressure/memory") {
    directory = Disk.isDirectory(layout.path("daemon")) ? layout.path("daemon") : layout.root
    self.pressureFile = pressureFile
  }

  package func read() -> HostReading {
    HostReading(diskFree: diskFree(), memoryPressure: memoryPressure())
  }

  /// What is free to us, not to root.
  private func diskFree() -> Int64? {
    var status = statvfs()
    guard statvfs(directory, &status) == 0 else { return nil }
    let (bytes, overflow) = UInt64(status.f_bavail).multipliedReportingOverflow(by: UInt64(status.f_frsize))
    return overflow ? .max : Int64(clamping: bytes)
  }

  /// Kernels without pressure stall information do not say.
  private func memoryPressure() -> Double? {
    guard let bytes = try? Disk.read(pressureFile) else { return nil }
    return HostReading.pressure(String(decoding: bytes, as: UTF8.self))
  }
}
