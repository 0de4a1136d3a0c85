// SPDX-License-Identifier: Apache-2.0

import Testing
import Tmux

@Suite struct TmuxArgumentTests {
  @Test(arguments: [
    ("a", "a"), ("", ""), (";", "\\;"), ("a;", "a\\;"), ("a;b", "a;b"), ("a\\;", "a\\\\;"), (";;", ";\\;"),
    ("é;", "é\\;"), ("a; ", "a; "), ("a;\n", "a;\n"), ("\u{600};", "\u{600}\\;"),
  ])
  func aSemicolonAtTheEndIsEscaped(word: String, encoded: String) {
    #expect(TmuxArgument.encoded(word) == encoded)
  }

  @Test func commandsAreSeparatedByALoneSemicolon() {
    let words = TmuxArgument.words(of: [["a", "b;"], ["c"]])
    #expect(words == ["a", "b\\;", ";", "c"])
  }

  @Test(arguments: [
    ("/a/b", "/a/b"), ("#(touch x)", "##(touch x)"), ("#{pid}", "##{pid}"), ("##", "####"), ("#[x]", "#[x]"),
    ("##[x]", "##[x]"), ("a#", "a##"), ("#[#{pid}]", "#[##{pid}]"), ("%H", "%H"), ("#\u{301}(x", "##\u{301}(x"),
  ])
  func formatsAreTakenAsText(text: String, encoded: String) {
    #expect(TmuxArgument.literal(inFormat: text) == encoded)
  }

  @Test func aPanesCommandIsNeverOneWord() {
    #expect(TmuxArgument.paneCommand(["a b"]) == ["/usr/bin/env", "--", "a b"])
  }
}

@Suite struct TmuxNamesTests {
  @Test(arguments: ["gt-a", "a", "0", "A_b-c", "gt-my-rig-deep-fix"])
  func sessionNames(text: String) {
    #expect(SessionName(text)?.description == text)
  }

  @Test(arguments: ["", "-a", "_a", "a.b", "a:b", "a b", "=a", "a*", "é", "#{pid}", "a\n", "$1", "%1", "@1", "a;"])
  func otherNamesAreRefused(text: String) {
    #expect(SessionName(text) == nil)
  }

  @Test func paneIDs() {
    #expect(PaneID("%12")?.number == 12)
    #expect(PaneID("%12")?.description == "%12")
    for text in ["", "%", "12", "%-1", "%+1", "%1x", "=a", "% 1"] {
      #expect(PaneID(text) == nil, "\(text)")
    }
  }

  @Test func marks() {
    #expect(PaneMark("gt-a/b.c:d=1_2")?.token == "gt-a/b.c:d=1_2")
    for text in ["", "a b", "a|b", "#{pid}", "a\n", "é", "a,b", "}", String(repeating: "a", count: 201)] {
      #expect(PaneMark(text) == nil, "\(text)")
    }
  }
}
