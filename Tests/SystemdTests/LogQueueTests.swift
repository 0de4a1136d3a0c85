// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Synchronization
import Testing

@testable import Systemd

struct LogQueueTests {
  private struct Written: Equatable {
    var text: String
    var dropped: Int
  }

  private func entry(_ text: String) -> LogEntry { LogEntry(parts: [Array(text.utf8)]) }

  @Test func entriesAreWrittenInTheirOrder() async {
    let written = Mutex<[LogEntry]>([])
    let queue = LogQueue { entry, _ in
      written.withLock { $0.append(entry) }
      return true
    }
    for number in 0..<2000 { queue.append(entry("\(number)")) }
    #expect(await queue.flush(within: .seconds(10)))
    #expect(written.withLock { $0 } == (0..<2000).map { entry("\($0)") })
  }

  @Test func whatIsLostIsCounted() async {
    let gate = DispatchSemaphore(value: 0)
    let written = Mutex<[Written]>([])
    let queue = LogQueue(capacity: 2) { entry, dropped in
      gate.wait()
      written.withLock {
        $0.append(Written(text: String(decoding: entry.parts[0], as: UTF8.self), dropped: dropped))
      }
      return true
    }
    let start = ContinuousClock.now
    for number in 0..<100 { queue.append(entry("\(number)")) }
    #expect(ContinuousClock.now - start < .seconds(1))
    #expect(await !queue.flush(within: .milliseconds(10)))
    for _ in 0..<3 { gate.signal() }
    #expect(await queue.flush(within: .seconds(10)))
    queue.append(entry("after"))
    #expect(await queue.flush(within: .seconds(10)))
    let all = written.withLock { $0 }
    #expect(all.map(\.text) == ["0", "1", "after"])
    #expect(all.reduce(0) { $0 + $1.dropped } == 98)
  }

  @Test func `of each entry with an id it is told whether it was written`() async {
    let receipts = LogReceipts(key: "ID")
    let calls = Mutex(0)
    receipts.listen { calls.withLock { $0 += 1 } }
    let gate = DispatchSemaphore(value: 0)
    let queue = LogQueue(capacity: 2, receipts: receipts) { entry, _ in
      gate.wait()
      return entry.id != "bad"
    }
    for id in ["good", "bad", "too many", nil] { queue.append(LogEntry(parts: [[65]], id: id)) }
    #expect(receipts.take() == ([], ["too many"]))
    for _ in 0..<2 { gate.signal() }
    #expect(await queue.flush(within: .seconds(10)))
    #expect(receipts.take() == (["good"], ["bad"]) && receipts.take() == ([], []))
    #expect(calls.withLock { $0 } == 2, "once until they are asked for")
  }

  @Test func whatTheSinkRefusesIsCounted() async {
    let dropped = Mutex<[Int]>([])
    let queue = LogQueue { entry, count in
      dropped.withLock { $0.append(count) }
      return entry.parts[0] == Array("good".utf8)
    }
    for text in ["bad", "bad", "good", "good"] { queue.append(entry(text)) }
    #expect(await queue.flush(within: .seconds(10)))
    #expect(dropped.withLock { $0 } == [0, 1, 2, 0])
  }

  @Test func bytesAreBounded() async {
    let gate = DispatchSemaphore(value: 0)
    let count = Mutex(0)
    let queue = LogQueue(byteCapacity: 100) { _, _ in
      gate.wait()
      count.withLock { $0 += 1 }
      return true
    }
    queue.append(entry(String(repeating: "x", count: 101)))
    queue.append(entry(String(repeating: "x", count: 60)))
    queue.append(entry(String(repeating: "x", count: 60)))
    gate.signal()
    #expect(await queue.flush(within: .seconds(10)))
    #expect(count.withLock { $0 } == 1)
  }
}
