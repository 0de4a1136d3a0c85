// SPDX-License-Identifier: Apache-2.0

import Commands
import TestSupport
import Testing

@testable import Tmux

/// What is made of a control-mode client's output, without a tmux.
@Suite struct ControlParserTests {
  private func blocks(_ text: String, portion: Int = .max) throws -> [String] {
    var parser = ControlParser()
    var found: [String] = []
    var bytes = Array(text.utf8)[...]
    while !bytes.isEmpty {
      for block in try parser.take(Array(bytes.prefix(portion))) {
        found.append((block.isError ? "error: " : "") + String(decoding: block.text, as: UTF8.self))
      }
      bytes = bytes.dropFirst(portion)
    }
    return found
  }

  @Test(arguments: [1, 2, 7, .max])
  func blocksAndNotificationsInPortionsOfAnySize(portion: Int) throws {
    let text = """
      %begin 1 264 0
      %end 1 264 0
      %window-add @0
      %begin 1 265 1
      one
      two

      %end 1 265 1
      %session-changed $0 x
      %begin 1 266 1
      can't find session: x
      %error 1 266 1
      %begin 1 267 1
      half
      """
    #expect(try blocks(text, portion: portion) == ["", "one\ntwo\n\n", "error: can't find session: x\n"])
  }

  @Test(arguments: [
    "%end 1 2 1", "%error 1 2 1", "%begin 9 9 1", "%end 1 265 0", "%end 1 265 1 ", "%end  1 265 1", "%end 2 265 1",
    " %end 1 265 1", "%exit", "%endless", "%end 1 265 1\r", "%END 1 265 1",
  ])
  func textThatLooksLikeAnEndIsText(line: String) throws {
    #expect(try blocks("%begin 1 265 1\n\(line)\nx\n%end 1 265 1\n") == ["\(line)\nx\n"])
  }

  @Test(arguments: [
    "%begin", "%begin ", "%begin 1 2", "%begin 1 2 x", "%begin 1 2 3 4", "%begin -1 2 3", "x %begin 1 2 3",
  ])
  func whatIsNoBeginningBeginsNothing(line: String) throws {
    #expect(try blocks("\(line)\n%begin 1 2 1\nx\n%end 1 2 1\n") == ["x\n"])
  }

  @Test func moreThanIsKeptIsAnError() throws {
    var parser = ControlParser(limit: 100)
    _ = try parser.take(Array("%begin 1 2 1\n".utf8))
    #expect(throws: ControlParser.Overflow.self) {
      for _ in 0..<20 { _ = try parser.take(Array("0123456789\n".utf8)) }
    }
    var other = ControlParser(limit: 100)
    #expect(throws: ControlParser.Overflow.self) { _ = try other.take([UInt8](repeating: 65, count: 101)) }
  }

  // MARK: Requests and answers

  private let start = ContinuousClock.now

  private func answer(_ number: Int, _ text: String, isError: Bool = false) -> String {
    "%begin 1 \(number) 1\n\(text)%\(isError ? "error" : "end") 1 \(number) 1\n"
  }

  @Test func answersFindTheirRequests() throws {
    var exchange = ControlExchange()
    let first = exchange.add([["a"]], at: start, token: "t1")
    let second = exchange.add([["b"], ["c"]], at: start, token: "t2")
    let third = exchange.add([["d"]], at: start, token: "t3")
    let text =
      answer(1, "one\n") + answer(2, "t1\n") + "%window-add @1\n" + answer(3, "two\n")
      + answer(4, "bad\n", isError: true) + answer(5, "t2\n") + answer(6, "t1\nt2\n") + answer(7, "t3\n")
    let answers = try exchange.take(Array(text.utf8), at: start)
    #expect(answers.map(\.id) == [first.id, second.id, third.id])
    #expect(answers.map(\.result) == [.printing("one\n"), .failing("bad\n", printing: "two\n"), .printing("t1\nt2\n")])
    #expect(exchange.isEmpty)
  }

  /// What tmux prints as it attaches, and another request's token in a text, end nothing.
  @Test func onlyTheOldestTokenAloneEndsARequest() throws {
    var exchange = ControlExchange()
    #expect(try exchange.take(Array(answer(1, "stray\n").utf8), at: start).isEmpty)
    _ = exchange.add([["a"]], at: start, token: "t1")
    _ = exchange.add([["b"]], at: start, token: "t2")
    #expect(try exchange.take(Array(answer(2, "t2\n").utf8), at: start).isEmpty)
    #expect(try exchange.take(Array(answer(3, "t1\nx\n").utf8), at: start).isEmpty)
    #expect(try exchange.take(Array(answer(4, "t1\n", isError: true).utf8), at: start).isEmpty)
    #expect(try exchange.take(Array(answer(5, "t1\n").utf8), at: start).count == 1)
  }

  @Test func parseErrorsReadAsElsewhere() throws {
    var exchange = ControlExchange()
    _ = exchange.add([["nonsense"]], at: start, token: "t")
    let text = answer(1, "parse error: unknown command: nonsense\n", isError: true) + answer(2, "t\n")
    #expect(try exchange.take(Array(text.utf8), at: start).map(\.result) == [.failing("unknown command: nonsense\n")])
  }

  @Test func aServerIsGivenUpForItsSilenceOrAtTheLimit() throws {
    var exchange = ControlExchange()
    func time(_ milliseconds: Int) -> ContinuousClock.Instant { start + .milliseconds(milliseconds) }
    func giveUp() -> ContinuousClock.Instant? { exchange.giveUpTime(silence: .seconds(1), limit: .seconds(5)) }
    #expect(giveUp() == nil)
    _ = exchange.add([["a"]], at: time(0), token: "t1")
    #expect(giveUp() == time(1000))
    _ = try exchange.take(Array("%x\n".utf8), at: time(900))
    #expect(giveUp() == time(1900))
    _ = try exchange.take(Array("%x\n".utf8), at: time(4500))
    #expect(giveUp() == time(5000))
    _ = try exchange.take(Array(answer(1, "t1\n").utf8), at: time(4600))
    #expect(giveUp() == nil)
    _ = exchange.add([["b"]], at: time(9000), token: "t2")
    #expect(giveUp() == time(10000))
  }

  @Test func theIDsOfRequestsAreNotUsedAgain() {
    var exchange = ControlExchange()
    let first = exchange.add([["a"]], at: start).id
    exchange.reset()
    #expect(exchange.isEmpty && exchange.add([["a"]], at: start).id != first)
  }

  @Test func thePauseDoublesUntilAClientLasts() {
    var pace = ControlPace()
    var time = start
    #expect(pace.mayConnect(at: time))
    for seconds in [1, 2, 4, 8, 16, 32, 60, 60] {
      pace.noteLost(connectedAt: nil, at: time)
      #expect(!pace.mayConnect(at: time + .seconds(seconds) - .milliseconds(1)))
      #expect(pace.mayConnect(at: time + .seconds(seconds)))
      time += .seconds(seconds)
    }
    pace.noteLost(connectedAt: time, at: time + .seconds(59))
    #expect(!pace.mayConnect(at: time + .seconds(59 + 59)))
    pace.noteLost(connectedAt: time, at: time + .seconds(60))
    #expect(pace.mayConnect(at: time + .seconds(61)))
  }

  @Test func anAnswerOfManyBlocksHasALimit() throws {
    var exchange = ControlExchange(limit: 100)
    _ = exchange.add([["list-panes"]], at: .now, token: "t")
    let block = Array("%begin 1 2 3\n\(String(repeating: "x", count: 39))\n%end 1 2 3\n".utf8)
    for _ in 0..<2 { #expect(try exchange.take(block, at: .now).isEmpty) }
    #expect(throws: ControlParser.Overflow.self) { try exchange.take(block, at: .now) }
  }
}
