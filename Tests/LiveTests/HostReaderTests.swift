// SPDX-License-Identifier: Apache-2.0

import Supervision
import TestSupport
import Testing
import Town
import TownFiles

/// The host's room, read off the real disk and a file like the kernel's; and programs that are there or not.
@Suite struct HostReaderTests {
  @Test func `what is free on the town's disk is read, and pressure where the kernel tells it`() async throws {
    try await TemporaryDirectory.with { directory in
      let layout = TownLayout(root: directory.path)
      TestFile.write(
        "some avg10=61.20 avg60=3.00 avg300=1.00 total=9\nfull avg10=7.00 avg60=0.00 avg300=0.00 total=1\n",
        to: directory("pressure"))
      let reading = HostReader(layout: layout, pressureFile: directory("pressure")).read()
      #expect((reading.diskFree ?? 0) > 0 && reading.memoryPressure == 61.2)
      var policy = Policy()
      policy.diskFree = 1
      #expect(
        HostRule.objection(reading, policy: policy) == "the memory pressure is 62 %, and the limit is 60 %")
      policy.diskFree = .max
      #expect(HostRule.objection(reading, policy: policy)?.contains("free on the town's disk") == true)
      let silent = HostReader(layout: TownLayout(root: directory("none")), pressureFile: directory("absent")).read()
      #expect(silent == HostReading() && HostRule.objection(silent, policy: policy) == nil)
    }
  }

  @Test func `a look tells of the host and of programs that are missing`() async throws {
    try await LiveTownFixture.with(command: ["no-such-agent"]) { town in
      let snapshot = await town.look()
      #expect((snapshot.host.diskFree ?? 0) > 0)
      #expect(snapshot.missingCommands.count == AgentIdentity.Role.allCases.count)
      #expect(snapshot.missingCommands[.polecat] == "no-such-agent")
      town.script("no-such-agent", "#!/bin/sh\n")
      #expect(await town.look().missingCommands.isEmpty)
    }
  }

  @Test func `what the person's command reads is one line of JSON, with null for what is absent`() throws {
    let event = TownEvent(.massDeath, message: "3 agents", reason: "killed by signal 9")
    let bytes = try AnnouncementRunner.json(Announcement(event, at: Timestamp(seconds: 1_800_000_000)), town: "/a/gt")
    #expect(
      String(decoding: bytes, as: UTF8.self)
        == #"{"agent":null,"bead":null,"event":"mass_death","message":"3 agents","pid":null,"reason":"killed by signal 9","#
        + #""restarts":null,"rig":null,"role":null,"session":null,"time":"2027-01-15T08:00:00Z","town":"/a/gt"}"# + "\n"
    )
  }
}
