// SPDX-License-Identifier: Apache-2.0

import Glibc
import Testing

@testable import Systemd

/// With libsystemd itself, which reads `NOTIFY_SOCKET` of the process: each in a process of its own.
struct NotifySocketTests {
  @Test func messagesArriveAtAPath() async {
    await #expect(processExitsWith: .success) {
      var name = Array("/tmp/notify-XXXXXX".utf8CString)
      let directory = String(cString: mkdtemp(&name))
      let receiver = try NotifyReceiver("\(directory)/socket")
      setenv("NOTIFY_SOCKET", receiver.address, 1)
      let manager = ServiceManager(environment: ServiceEnvironment(["NOTIFY_SOCKET": receiver.address]))
      #expect(await manager.notify([.ready, .status("12 agents\n: all alive")]) == .sent)
      #expect(receiver.next() == "READY=1\nSTATUS=12 agents : all alive")
      #expect(getenv("NOTIFY_SOCKET") != nil)
      unlink(receiver.address)
      rmdir(directory)
      #expect(await manager.notify([.watchdog]) == .failed(ENOENT))
    }
  }

  @Test func messagesArriveAtAnAbstractName() async {
    await #expect(processExitsWith: .success) {
      let receiver = try NotifyReceiver("@notify-test-\(getpid())")
      setenv("NOTIFY_SOCKET", receiver.address, 1)
      let manager = ServiceManager(environment: ServiceEnvironment(["NOTIFY_SOCKET": receiver.address]))
      #expect(await manager.notify([.stopping]) == .sent)
      #expect(receiver.next() == "STOPPING=1")
      #expect(await manager.notify([.status(String(repeating: "ä", count: 9000))]) == .sent)
      let status = receiver.next() ?? ""
      #expect(status.utf8.count == 4095 || status.utf8.count == 4096)
    }
  }

  @Test func managerThatDoesNotReadHoldsUpNobody() async {
    await #expect(processExitsWith: .success) {
      let receiver = try NotifyReceiver("@notify-full-\(getpid())")
      setenv("NOTIFY_SOCKET", receiver.address, 1)
      let manager = ServiceManager(environment: ServiceEnvironment(["NOTIFY_SOCKET": receiver.address]))
      let start = ContinuousClock.now
      for number in 0..<1000 { manager.post(.status("\(number)")) }
      manager.post(.ready)
      #expect(ContinuousClock.now - start < .seconds(1))
      // The socket's queue is full: what is awaited gives up, and is still sent when there is room.
      #expect(await manager.notify([.stopping], patience: .milliseconds(50)) == .failed(ETIMEDOUT))
      var messages: [String] = []
      while !messages.contains("STOPPING=1"), ContinuousClock.now - start < .seconds(20) {
        if let message = receiver.next() { messages.append(message) } else { await Task.yield() }
      }
      #expect(messages.suffix(2) == ["READY=1", "STOPPING=1"])
      #expect(messages.count < 1000)
    }
  }
}
