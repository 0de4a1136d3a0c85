// SPDX-License-Identifier: Apache-2.0

import TestSupport
import Testing
import Town
import TownFiles

@Suite struct HoldsTests {
  private let toast = AgentIdentity.polecat(rig: "rig", name: "toast")
  private let hold = Hold(kind: .stop, who: "ada", when: Timestamp(seconds: 5), why: "lunch")

  private func with(_ body: (TownLayout, Holds) throws -> Void) async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      try body(layout, Holds(layout: layout))
    }
  }

  @Test func `a decision is written, read and taken back`() async throws {
    try await with { layout, holds in
      #expect(holds.hold(on: toast) == .known(nil))
      try holds.set(hold, on: toast)
      #expect(holds.hold(on: toast) == .known(hold))
      #expect(holds.hold(on: .polecat(rig: "rig", name: "toast2")) == .known(nil))
      try #expect(Disk.names(in: layout.holds) == ["gt-rig-toast"])
      try holds.clear(toast)
      try holds.clear(toast)
      #expect(holds.hold(on: toast) == .known(nil))
    }
  }

  @Test func `a rig's decision is for all of it, the town's for everybody, and an agent's own comes first`()
    async throws
  {
    try await with { layout, holds in
      try Disk.writeJSON(hold, to: "\(layout.holds)/rig-rig")
      var wide = hold
      wide.scope = .rig("rig")
      #expect(holds.hold(on: .witness(rig: "rig")) == .known(wide))
      #expect(holds.hold(on: .witness(rig: "other")) == .known(nil))
      #expect(holds.hold(on: .deacon) == .known(nil))
      try Disk.writeJSON(hold, to: "\(layout.holds)/all")
      wide.scope = .town
      #expect(holds.hold(on: .deacon) == .known(wide))
      let own = Hold(kind: .hold, who: "bob", when: nil, why: nil)
      try holds.set(own, on: toast)
      #expect(holds.hold(on: toast) == .known(own))
    }
  }

  @Test func `decisions about a rig and the town are files of their own, each taken back by itself`() async throws {
    try await with { layout, holds in
      for place in [Holds.Place.town, .rig("rig"), .agent(toast)] {
        try #expect(holds.decision(on: place) == nil)
        try holds.set(hold, on: place)
        try #expect(holds.decision(on: place) == hold)
      }
      try #expect(Disk.names(in: layout.holds) == ["all", "gt-rig-toast", "rig-rig"])
      try holds.clear(.rig("rig"))
      try #expect(holds.decision(on: .rig("rig")) == nil && holds.decision(on: .town) == hold)
      TestFile.write("stop!", to: "\(layout.holds)/rig-rig")
      try #expect(holds.decision(on: .rig("rig"))?.kind == .hold)
    }
  }

  @Test(arguments: ["", "{", "stop!", "{}", #"{"kind":"nap","who":"ada"}"#])
  func `a file that makes no sense holds all the same`(text: String) async throws {
    try await with { layout, holds in
      try Disk.makeDirectory(layout.holds)
      TestFile.write(text, to: "\(layout.holds)/gt-rig-toast")
      guard case .known(let found?) = holds.hold(on: toast) else { return #expect(Bool(false)) }
      #expect(found.kind == .hold && found.who.contains(layout.holds))
    }
  }

  @Test(arguments: ["gt-rig-toast", "rig-rig", "all"])
  func `one that cannot be read is unknown, never nothing`(name: String) async throws {
    try await with { layout, holds in
      try Disk.makeDirectory("\(layout.holds)/\(name)")
      guard case .unknown(let reason) = holds.hold(on: toast) else { return #expect(Bool(false)) }
      #expect(reason.contains(name))
    }
  }

  @Test func `holds that are no directory are unknown`() async throws {
    try await with { layout, holds in
      try Disk.write([], to: layout.holds)
      guard case .unknown = holds.hold(on: toast) else { return #expect(Bool(false)) }
      #expect(throws: TownFileError.self) { try holds.set(hold, on: toast) }
    }
  }
}
