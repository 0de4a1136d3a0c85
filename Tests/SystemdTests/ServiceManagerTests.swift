// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Glibc
import Synchronization
import Testing

@testable import Systemd

struct ServiceManagerTests {
  private let managed = ServiceEnvironment(["NOTIFY_SOCKET": "/run/notify"])

  @Test func nobodyIsToldOutsideOfAService() async {
    let manager = ServiceManager(environment: ServiceEnvironment([:])) { _ in
      Issue.record("sent")
      return 1
    }
    #expect(await manager.notify([.ready]) == .notManaged)
    #expect(!manager.isManaged)
  }

  @Test(arguments: [(Int32(1), ServiceManager.Outcome.sent), (0, .notManaged), (-ECONNREFUSED, .failed(ECONNREFUSED))])
  func outcomeIsWhatTheSocketSaid(result: Int32, outcome: ServiceManager.Outcome) async {
    let manager = ServiceManager(environment: managed) { _ in result }
    #expect(await manager.notify([.ready]) == outcome)
  }

  @Test func onlyWhatIsReplacedLaterIsDropped() async {
    let gate = DispatchSemaphore(value: 0)
    let sent = Mutex<[String]>([])
    let manager = ServiceManager(environment: managed, capacity: 2) { message in
      gate.wait()
      sent.withLock { $0.append(message) }
      return 1
    }
    manager.post(.status("1"))
    manager.post(.status("2"))
    #expect(await manager.notify([.status("3")]) == .failed(ENOBUFS))
    manager.post(.ready)
    #expect(await manager.notify([.watchdog]) == .failed(ENOBUFS))
    for _ in 0..<4 { gate.signal() }
    #expect(await manager.notify([.stopping]) == .sent)
    #expect(sent.withLock { $0 } == ["STATUS=1", "STATUS=2", "READY=1", "STOPPING=1"])
  }

  @Test func waitForAMessageIsBounded() async {
    let gate = DispatchSemaphore(value: 0)
    let manager = ServiceManager(environment: managed) { _ in
      gate.wait()
      return 1
    }
    #expect(await manager.notify([.stopping], patience: .milliseconds(10)) == .failed(ETIMEDOUT))
    gate.signal()
  }

  @Test func lastWordIsWaitedForInACancelledTask() async {
    let manager = ServiceManager(environment: managed) { _ in 1 }
    let task = Task {
      while !Task.isCancelled { await Task.yield() }
      return await manager.notify([.stopping])
    }
    task.cancel()
    #expect(await task.value == .sent)
  }
}
