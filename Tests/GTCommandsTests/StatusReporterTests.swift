// SPDX-License-Identifier: Apache-2.0

import Synchronization
import Systemd
import TestSupport
import Testing

@testable import GastownDaemon

@Suite struct StatusReporterTests {
  @Test func `the status is said once a second at most, and the last one always`() async throws {
    let sent = Mutex<[(text: String, at: ContinuousClock.Instant)]>([])
    let manager = ServiceManager(environment: ServiceEnvironment(["NOTIFY_SOCKET": "/nowhere"])) { message in
      sent.withLock { $0.append((message, .now)) }
      return 1
    }
    let reporter = StatusReporter(manager: manager)
    for number in 1...200 { await reporter.report("\(number) agents") }
    try await eventually("the last one") { sent.withLock { $0.last?.text } == "STATUS=200 agents" }
    let all = sent.withLock { $0 }
    #expect(all.count == 2 && all[0].text == "STATUS=1 agents")
    #expect(all[1].at - all[0].at >= .milliseconds(990))
  }

  @Test func `what is kept is named after one life, and nothing else has such a name`() {
    let name = "agent.4711.123456"
    #expect(DescriptorKeeper.process(name).map(DescriptorKeeper.name) == name)
    for other in ["control", "state", "agent.", "agent.1.5", "agent.x.5", "agent.4711", "agent.4711.1.2", "unknown"] {
      #expect(DescriptorKeeper.process(other) == nil, "\(other)")
    }
  }
}
