// SPDX-License-Identifier: Apache-2.0

// Makes gt(1): reads what `gt --experimental-dump-help` prints from standard input, and the page without its
// commands from the file that is named, and prints the whole. It is part of the build and is not installed.

import FoundationEssentials
import Glibc

func fail(_ message: String, status: Int32) -> Never {
  let line = Array("gt-manual: \(message)\n".utf8)
  _ = write(STDERR_FILENO, line, line.count)
  exit(status)
}

guard CommandLine.arguments.count == 2 else {
  fail("usage: gt --experimental-dump-help | gt-manual PAGE", status: 64)
}
do {
  let template = try String(contentsOfFile: CommandLine.arguments[1], encoding: .utf8)
  var input = ""
  while let line = readLine(strippingNewline: false) { input += line }
  let help = try JSONDecoder().decode(ToolHelp.self, from: Data(input.utf8))
  let lines = template.split(separator: "\n", omittingEmptySubsequences: false).dropLast()
  guard lines.count(where: { $0 == ManualPage.marker }) == 1 else {
    fail("\(CommandLine.arguments[1]) has not exactly one line '\(ManualPage.marker)'", status: 1)
  }
  for line in lines {
    if line == ManualPage.marker { ManualPage(root: help.command).lines.forEach { print($0) } } else { print(line) }
  }
} catch {
  fail("\(error)", status: 1)
}
