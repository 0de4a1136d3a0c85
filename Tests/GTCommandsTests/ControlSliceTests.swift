// SPDX-License-Identifier: Apache-2.0

import Testing
import TownFiles

@testable import GTCommands

/// What the doctor says of the two slices.
@Suite struct ControlSliceTests {
  private static let apps = "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gastown.slice"

  @Test func `a tmux server that is slowed down with the agents is told of`() {
    func judge(_ group: String?) -> [CheckResult] {
      ControlGroupCheck.judge(server: group, names: TownUnits())
    }
    let old = judge("\(Self.apps)/app-gastown-agents.slice/gastown-tmux.service")
    #expect(old.map(\.level) == [.warning])
    #expect(old.first?.remedy == "systemctl --user restart gastown-tmux.service")
    #expect(judge("\(Self.apps)/app-gastown-control.slice/gastown-tmux.service").isEmpty)
    #expect(judge(nil).isEmpty && judge("/init.scope").isEmpty)
  }

  @Test func `agents that wait for memory are told of`() {
    #expect(ControlGroupCheck.judge(pressure: 55.4).map(\.level) == [.warning])
    #expect(ControlGroupCheck.judge(pressure: 55.4).first?.what.contains("55 %") == true)
    #expect(ControlGroupCheck.judge(pressure: 3).isEmpty && ControlGroupCheck.judge(pressure: nil).isEmpty)
  }

  @Test func `the shipped units keep the tmux server and the daemon out of the agents' slice`() {
    for (name, text) in UnitFiles.shipped + UnitFiles.templates {
      guard name.hasPrefix("gastown-tmux") || name.hasPrefix("gastown-daemon"), name.hasSuffix(".service") else {
        continue
      }
      let lines = text.split(separator: "\n")
      #expect(lines.contains("Slice=app-gastown-control.slice"), "\(name)")
      #expect(lines.contains("ManagedOOMPreference=omit"), "\(name)")
      if name.hasPrefix("gastown-tmux") {
        #expect(lines.contains { $0.hasPrefix("UnsetEnvironment=") && $0.hasSuffix(" GT_LIFE") }, "\(name)")
      }
    }
    let agents = UnitFiles.shipped.first { $0.name == "app-gastown-agents.slice" }?.text ?? ""
    #expect(agents.contains("\nMemoryHigh=80%\n") && agents.contains("\nMemoryMax=90%\n"))
  }
}
