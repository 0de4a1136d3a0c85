// SPDX-License-Identifier: Apache-2.0

import Testing

@testable import Systemd

struct ServiceNotificationTests {
  @Test(
    arguments: [
      ([.ready], "READY=1"),
      ([.stopping], "STOPPING=1"),
      ([.watchdog], "WATCHDOG=1"),
      ([.watchdogTrigger], "WATCHDOG=trigger"),
      ([.reloading(monotonicMicroseconds: 12)], "RELOADING=1\nMONOTONIC_USEC=12"),
      ([.errno(2), .status("cannot open")], "ERRNO=2\nSTATUS=cannot open"),
      ([.status("adopting 3/12"), .extendTimeout(.seconds(10))], "EXTEND_TIMEOUT_USEC=10000000\nSTATUS=adopting 3/12"),
      ([.extendTimeout(.seconds(-1))], "EXTEND_TIMEOUT_USEC=0"),
      ([.mainProcess(7)], "MAINPID=7"),
      ([.custom(name: "X_GASTOWN", value: "a\nREADY=1")], "X_GASTOWN=a READY=1"),
      ([.custom(name: "ready=1\nx", value: "")], "X_READY_1_X="),
      ([.status("a\u{1B}[31mb\r\n\u{202E}c\n")], "STATUS=a [31mb c"),
    ] as [([ServiceNotification], String)])
  func messageIsOneAssignmentALine(notifications: [ServiceNotification], message: String) {
    #expect(ServiceNotification.message(notifications) == message)
  }

  @Test func messageFitsWhateverIsSaid() {
    let long = String(repeating: "👩‍👩‍👧", count: 5000)
    let message = ServiceNotification.message([.custom(name: "X_A", value: long), .ready, .status(long)])
    #expect(message.utf8.count <= ServiceNotification.longestMessage)
    #expect(message.hasPrefix("READY=1\nSTATUS="))
    #expect(!message.contains("X_A"))
  }

  @Test func reloadBeginsNow() {
    guard case .reloading(let first) = ServiceNotification.reloadingNow,
      case .reloading(let second) = ServiceNotification.reloadingNow
    else {
      Issue.record("not a reload")
      return
    }
    #expect(0 < first && first <= second)
  }
}
