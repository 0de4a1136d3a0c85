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
    try #require(all.count == 2)
    #expect(all[0].text == "STATUS=1 agents")
    #expect(all[1].at - all[0].at >= .milliseconds(990))
  }
}
