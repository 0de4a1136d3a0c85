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
    #expect(all.first?.text == "STATUS=1 agents")
    for (former, next) in zip(all, all.dropFirst()) { #expect(next.at - former.at >= .milliseconds(990)) }
  }
}
