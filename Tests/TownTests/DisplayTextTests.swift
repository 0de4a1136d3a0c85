// SPDX-License-Identifier: Apache-2.0

import Testing
import Town

@Suite struct DisplayTextTests {
  @Test func `what acts on a terminal is made visible, and what people write stays`() {
    let plain = "é ❯ 日本 👩\u{200D}💻 a\tb\nc"
    #expect(printable(plain) == plain)
    #expect(printable("\u{1B}[31mred\u{1B}[0m \u{1B}[1;32mx") == "\u{1B}[31mred\u{1B}[0m \u{1B}[1;32mx")
    let hostile = [
      "\u{1B}]0;title\u{7}", "\u{1B}[2J", "\u{1B}[31", "\u{1B}[", "\u{1B}", "\u{9B}31m", "a\rb", "\u{8}",
      "\u{202E}back",
      "\u{2028}", "\u{1B}[?25l", "\u{1B}Pq\u{1B}\\", "\u{FEFF}", "\u{1B}[38:5:1m",
    ]
    for text in hostile {
      let shown = printable(text)
      #expect(shown.contains("\u{FFFD}") && !shown.contains("\u{1B}") && !shown.contains("\u{9B}"), "\(shown)")
      #expect(shown.unicodeScalars.count == text.unicodeScalars.count)
      #expect(displayable(text) == printable(text))
    }
    #expect(displayable("\u{1B}[31mred") == "\u{FFFD}[31mred")
  }

  @Test func `JSON keeps each character, as an escape where it could act`() {
    #expect(printable(json: "{\n\t\"é\u{9B}\u{202E}\"}") == "{\n\t\"é\\u009b\\u202e\"}")
    #expect(printable(json: "\u{E0001}") == "\\udb40\\udc01")
  }
}
