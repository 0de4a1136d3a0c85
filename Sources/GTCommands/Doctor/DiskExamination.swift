// SPDX-License-Identifier: Apache-2.0

internal import Supervision
internal import Town
internal import TownFiles

/// Room on the town's disk and in memory.
struct DiskExamination: Examination {
  let name = "room"

  func examine(_ patient: Patient) async -> [Finding] {
    let reading = HostReader(layout: patient.layout).read()
    return Self.judge(reading, policy: patient.settings.policy, place: patient.layout.root)
  }

  static func judge(_ reading: HostReading, policy: Policy, place: String) -> [Finding] {
    [disk(reading.diskFree, policy: policy, place: place), memory(reading.memoryPressure, policy: policy)]
  }

  private static func disk(_ free: Int64?, policy: Policy, place: String) -> Finding {
    guard let free else { return .unexamined("disk", "how much is free at \(place) cannot be read") }
    let text = "\(free >> 20) MiB are free at \(place)"
    if let objection = HostRule.objection(HostReading(diskFree: free), policy: policy) {
      return Finding(.broken, "disk", objection, why: "No agent is started (checks.disk_free in mayor/daemon.json).")
    }
    if free / 2 < policy.diskFree {
      return Finding(
        .warning, "disk", text,
        why: "Below \(policy.diskFree >> 20) MiB (checks.disk_free) no agent is started any more.")
    }
    return Finding(.ok, "disk", text)
  }

  private static func memory(_ pressure: Double?, policy: Policy) -> Finding {
    guard let pressure else { return .unexamined("memory", "this kernel does not tell the pressure on it") }
    if let objection = HostRule.objection(HostReading(memoryPressure: pressure), policy: policy) {
      return Finding(
        .warning, "memory", objection,
        why: "No agent is started until it is less (checks.memory_pressure in mayor/daemon.json).")
    }
    return Finding(.ok, "memory", "the pressure on it is \(Int64(pressure.rounded(.up))) %")
  }
}
