// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct JSONParserTests {
  private func read(_ text: String) -> JSONValue? { try? JSONValue(json: Array(text.utf8)) }

  @Test(
    arguments: [
      ("null", .null), (" true\n", .bool(true)), ("-0", .integer(0)), ("1.0", .integer(1)), ("1.5e1", .integer(15)),
      ("-2.5", .number(-2.5)), ("9223372036854775808", .number(9_223_372_036_854_775_808)),
      (#""a\"\\\/\b\f\n\r\t\u00e9\ud83d\ude00""#, .string("a\"\\/\u{8}\u{C}\n\r\t\u{E9}\u{1F600}")),
      ("[1,[],{}]", .array([.integer(1), .array([]), .object([:])])),
      (#"{"a":1,"a":2,"b":null}"#, .object(["a": .integer(1), "b": .null])),
      (#"{"a":[1,],}"#, .object(["a": .array([.integer(1)])])),
    ] as [(String, JSONValue)])
  func `reads what is JSON`(text: String, value: JSONValue) {
    #expect(read(text) == value)
  }

  @Test(arguments: [
    "", " ", "nul", "tru e", "01", "-", "1.", ".5", "1e", "+1", "1e400", "[1 2]", "[,]", "{,}", #"{"a"}"#, #"{"a":}"#,
    "{a:1}",
    #"{"a":1 "b":2}"#, "[", #"{"a":1"#, "\"", "\"\u{1}\"", #""\x""#, #""\u12""#, #""\ud83d""#, #""\ud83dx""#,
    #""\ud83d\u0041""#,
    #""\ude00""#, "1 2", "[]]", "'a'",
  ])
  func `refuses what is not, and says where`(text: String) throws {
    #expect(read(text) == nil)
    let error = #expect(throws: JSONError.self) { try JSONValue(json: Array(text.utf8)) }
    let place = try #require(error)
    #expect(place.line == 1 && place.column <= text.utf8.count + 1)
  }

  @Test func `what is wrong is said by line and column`() {
    let error = #expect(throws: JSONError.self) { try JSONValue(json: Array("{\n  \"a\": 1\n  \"b\": 2\n}".utf8)) }
    #expect(error?.line == 3 && error?.column == 3)
    #expect(error?.description.hasSuffix(", at line 3, column 3") == true)
  }

  @Test func `refuses bytes that are no text`() {
    #expect(throws: JSONError.self) { try JSONValue(json: [0x22, 0xFF, 0x22]) }
  }

  @Test func `what is nested deeper than anybody needs is refused, however deep it is`() {
    let deepest = JSONValue.deepest
    #expect(read(String(repeating: "[", count: deepest + 1) + String(repeating: "]", count: deepest + 1)) != nil)
    #expect(read(String(repeating: "[", count: deepest + 2) + String(repeating: "]", count: deepest + 2)) == nil)
    #expect(read(String(repeating: #"{"a":"#, count: 1_000_000)) == nil)
  }
}
