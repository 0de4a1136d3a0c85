// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

struct ServiceEnvironmentTests {
  private func environment(_ variables: [String: String], standardError: Int32 = -1) -> ServiceEnvironment {
    ServiceEnvironment(variables, processIdentifier: 100, standardError: standardError)
  }

  @Test func nothingIsSaidOutsideOfAService() {
    let environment = environment([:])
    #expect(environment.notifySocket == nil)
    #expect(environment.watchdogInterval == nil)
    #expect(environment.listenDescriptors.isEmpty)
    #expect(!environment.isStandardErrorJournal)
  }

  @Test(arguments: [
    ("/run/user/1000/systemd/notify", true), ("@abstract", true), ("vsock:2:1", false), ("relative", false),
    ("", false),
  ])
  func notifySocketIsAPathOrAbstract(address: String, isTaken: Bool) {
    #expect(environment(["NOTIFY_SOCKET": address]).notifySocket == (isTaken ? address : nil))
  }

  @Test(
    arguments: [
      (["WATCHDOG_USEC": "30000000"], Duration.seconds(30)),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "100"], .seconds(30)),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "101"], nil),
      (["WATCHDOG_USEC": "30000000", "WATCHDOG_PID": "x"], nil),
      (["WATCHDOG_USEC": "0"], nil),
      (["WATCHDOG_USEC": "-5"], nil),
      (["WATCHDOG_USEC": "soon"], nil),
      (["WATCHDOG_PID": "100"], nil),
    ] as [([String: String], Duration?)])
  func watchdogIsOursOrNobodys(variables: [String: String], interval: Duration?) {
    #expect(environment(variables).watchdogInterval == interval)
  }

  @Test func descriptorsHaveTheirNames() {
    let environment = environment(["LISTEN_PID": "100", "LISTEN_FDS": "3", "LISTEN_FDNAMES": "control::agent-a"])
    #expect(
      environment.listenDescriptors == [
        .init(descriptor: 3, name: "control"), .init(descriptor: 4, name: "unknown"),
        .init(descriptor: 5, name: "agent-a"),
      ])
  }

  @Test(arguments: [
    ["LISTEN_PID": "101", "LISTEN_FDS": "1"], ["LISTEN_FDS": "1"], ["LISTEN_PID": "100", "LISTEN_FDS": "0"],
    ["LISTEN_PID": "100", "LISTEN_FDS": "-1"], ["LISTEN_PID": "100", "LISTEN_FDS": "2147483647"],
    ["LISTEN_PID": "100"],
  ])
  func descriptorsOfOthersAreNotTaken(variables: [String: String]) {
    #expect(environment(variables).listenDescriptors.isEmpty)
  }

  @Test func journalIsRecognisedByTheStreamItself() throws {
    let sockets = try SocketPair()
    var status = stat()
    try #require(fstat(sockets.first, &status) == 0)
    let stream = "\(status.st_dev):\(status.st_ino)"
    #expect(environment(["JOURNAL_STREAM": stream], standardError: sockets.first).isStandardErrorJournal)
    #expect(!environment(["JOURNAL_STREAM": stream], standardError: sockets.second).isStandardErrorJournal)
    for other in ["", ":", "1", "\(stream):1", "x:y"] {
      #expect(!environment(["JOURNAL_STREAM": other], standardError: sockets.first).isStandardErrorJournal)
    }
  }

  @Test func logGoesToTheJournalOnlyWhereItReads() {
    var environment = environment([:])
    #expect(LogDestination.choose(environment, noColour: false, isTerminal: true) == .lines(colours: true))
    #expect(LogDestination.choose(environment, noColour: true, isTerminal: true) == .lines(colours: false))
    #expect(LogDestination.choose(environment, noColour: false, isTerminal: false) == .lines(colours: false))
    environment.isStandardErrorJournal = true
    #expect(LogDestination.choose(environment, noColour: false, journalSocket: "/nowhere") == .prefixedLines)
    #expect(LogDestination.choose(environment, noColour: false, journalSocket: "/dev/null") == .journal)
  }
}
