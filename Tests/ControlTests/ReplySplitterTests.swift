// SPDX-License-Identifier: Apache-2.0

import NIOCore
import Testing

@testable import Control

@Suite struct ReplySplitterTests {
  private func split(_ parts: [String], limit: Int = 8) throws -> [String] {
    var splitter = ReplySplitter(limit: limit)
    return try parts.flatMap { try splitter.split(ByteBuffer(string: $0)).map { String(buffer: $0) } }
  }

  @Test func repliesComeWholeHoweverTheyArrive() throws {
    #expect(try split(["a\0bc\0d", "e", "", "\0", "\0"]) == ["a", "bc", "de", ""])
    #expect(try split(["12345678\0"]) == ["12345678"])
  }

  @Test func aReplyHasItsLimitWithAndWithoutItsEnd() {
    #expect(throws: ReplyHandler.Failure.tooLarge) { try split(["123456789\0"]) }
    #expect(throws: ReplyHandler.Failure.tooLarge) { try split(["12345", "6789"]) }
  }
}
