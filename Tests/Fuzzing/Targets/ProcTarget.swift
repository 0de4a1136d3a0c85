// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

@testable import Processes

extension FuzzTarget {
  /// Files of `/proc` and of control groups, in a tree of their own.
  static let proc = FuzzTarget("proc") { input, town in
    let whole = text(input)
    if let status = ProcessStatus(stat: whole) {
      try promise("a state is one character", status.state.unicodeScalars.count == 1)
    }
    let root = town.layout.path("proc")
    for name in ["7/stat", "7/cmdline", "7/environ", "7/cgroup", "7/status", "stat", "sys/kernel/random/boot_id"] {
      town.put(input, at: "proc/\(name)")
    }
    let table = ProcessTable(root: root)
    let status = table.status(7)
    _ = table.identity(of: 7)
    let arguments = table.arguments(of: 7) ?? []
    _ = LoginShell.isBare(name: status?.name ?? "bash", arguments: arguments)
    _ = LoginShell.isBare(name: "bash", arguments: ["bash"] + arguments)
    for name in (table.environment(of: 7) ?? [:]).keys { try promise("a variable has a name", !name.isEmpty) }
    if let boot = table.bootID() { try promise("a boot's name is one line", !boot.isEmpty && !boot.contains("\n")) }
    let process = status?.identity ?? ProcessIdentity(pid: 7, startTime: .max)
    _ = table.startOfLife(of: process)
    _ = table.age(of: process)
    _ = ProcessTable.age(startTime: process.startTime)
    for name in ["memory.events", "cgroup.events", "cgroup.procs"] { town.put(input, at: "cgroup/agents/\(name)") }
    let groups = ControlGroups(root: town.layout.path("cgroup"), table: table)
    if let path = groups.path(of: 7) {
      try promise("a group is below the root", path.hasPrefix("/"))
      _ = groups.memoryEvents(of: path)
      _ = groups.members(of: path)
      if let directory = groups.directory(path) {
        try promise("no group leads out", !directory.split(separator: "/").contains(".."))
      }
    }
    _ = groups.members(of: "/agents")
    _ = groups.isFrozen("/agents")
    _ = groups.memoryEvents(of: "/agents").flatMap(MemoryEvents.counts)
    if let pressure = HostReading.pressure(whole) { try promise("pressure is a share", (0...100).contains(pressure)) }
    _ = HostRule.objection(HostReading(diskFree: 0, memoryPressure: HostReading.pressure(whole)), policy: Policy())
  }
}
