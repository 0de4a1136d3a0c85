// SPDX-License-Identifier: Apache-2.0

import Supervision
import Town
import TownFiles

/// Room on the town's disk and in memory.
struct DiskCheck: DoctorCheck {
  let name = "room"

  func run(in context: DoctorContext) async -> [CheckResult] {
    let reading = HostReader(layout: context.layout).read()
    return Self.judge(reading, policy: context.settings.policy, place: context.layout.root)
  }

  static func judge(_ reading: HostReading, policy: Policy, place: String) -> [CheckResult] {
    [disk(reading.diskFree, policy: policy, place: place), memory(reading.memoryPressure, policy: policy)]
  }

  private static func disk(_ free: Int64?, policy: Policy, place: String) -> CheckResult {
    guard let free else { return .unexamined("disk", "the free space at \(place) cannot be read") }
    let text = "\(free >> 20) MiB are free at \(place)"
    if let objection = HostRule.objection(HostReading(diskFree: free), policy: policy) {
      return CheckResult(
        .broken, "disk", objection, why: "No agent is started (checks.disk_free in mayor/daemon.json).")
    }
    if free / 2 < policy.diskFree {
      return CheckResult(
        .warning, "disk", text,
        why: "Below \(policy.diskFree >> 20) MiB (checks.disk_free) no agent is started any more.")
    }
    return CheckResult(.ok, "disk", text)
  }

  private static func memory(_ pressure: Double?, policy: Policy) -> CheckResult {
    guard let pressure else { return .unexamined("memory", "this kernel does not report memory pressure") }
    if let objection = HostRule.objection(HostReading(memoryPressure: pressure), policy: policy) {
      return CheckResult(
        .warning, "memory", objection,
        why: "No agent is started until the pressure is lower (checks.memory_pressure in mayor/daemon.json).")
    }
    return CheckResult(.ok, "memory", "the memory pressure is \(Int64(pressure.rounded(.up))) %")
  }
}
