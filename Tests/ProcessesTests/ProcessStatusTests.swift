// SPDX-License-Identifier: Apache-2.0

import Processes
import Testing

@Suite struct ProcessStatusTests {
  private static let rest = "7 8 9 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 424242 1000 10 18446744073709551615 1 1"

  @Test(arguments: ["cat", "a b", "a) S 1 2 (", "(", ")", "", "tmux: server", "日本"])
  func nameMayHoldAnything(name: String) throws {
    let status = try #require(ProcessStatus(stat: "42 (\(name)) S \(Self.rest)\n"))
    #expect(status.name == name)
    #expect(status.identity == ProcessIdentity(pid: 42, startTime: 424242))
    #expect(status.state == "S")
    #expect(status.parent == 7)
    #expect(status.processGroup == 8)
    #expect(status.session == 9)
  }

  @Test(arguments: ["", "42", "42 (cat", "42 (cat) S 1", "x (cat) S \(rest)", ")("])
  func otherTextIsNone(text: String) {
    #expect(ProcessStatus(stat: text) == nil)
  }

  @Test(arguments: zip(["R", "S", "D", "T", "t", "I", "Z", "X"], [true, true, true, true, true, true, false, false]))
  func zombiesAreNotAlive(state: String, isAlive: Bool) {
    #expect(ProcessStatus(stat: "42 (cat) \(state) \(Self.rest)")?.isAlive == isAlive)
  }
}
