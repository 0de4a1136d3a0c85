// SPDX-License-Identifier: Apache-2.0

import Town
import TownFiles

extension FuzzTarget {
  /// The daemon's smaller files: pending spawns, state, activity, holds and PID files, all with the same content.
  static let daemonFiles = FuzzTarget("daemon-files") { input, town in
    let layout = town.layout
    let agent = AgentIdentity.polecat(rig: "rig", name: "toast")
    for path in [layout.pendingSpawns, layout.state, layout.activity, layout.originalPIDFile, layout.lock] {
      town.put(input, at: path)
    }
    town.put(input, at: "\(layout.holds)/\(agent.session)")
    let records = TownRecords(layout: layout)
    if let pending = try? records.pendingSpawns() {
      try records.write(pending)
      let once = try records.pendingSpawns()
      try records.write(once)
      try promise("pending spawns are read as written", try records.pendingSpawns(), equals: once)
    }
    if let state = try? records.state() {
      try records.write(state)
      let once = try records.state()
      try records.write(once)
      try promise("the state is read as written", try records.state(), equals: once)
    }
    _ = records.lastActivity()
    if let recorded = OriginalDaemon.recordedProcess(layout: layout) { try promise("a pid is one", recorded.pid > 1) }
    _ = TownLock.currentHolder(layout: layout)
    let holds = Holds(layout: layout)
    switch holds.hold(on: agent) {
    case .known(let hold?):
      try holds.set(hold, on: agent)
      guard case .known(let once?) = holds.hold(on: agent) else { throw Broken(description: "a hold is kept") }
      try holds.set(once, on: agent)
      try promise("a hold is read as written", holds.hold(on: agent), equals: .known(once))
    case .known(nil): throw Broken(description: "a file that is there holds, whatever is in it")
    case .unknown(let reason): throw Broken(description: "a small file can be read: \(reason)")
    }
  }
}
