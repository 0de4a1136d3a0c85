// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

// The benchmarks, started by packaging/bench:
//
//     gastown-bench measure [--quick] [--only STEP]...    measures, inside a private systemd; prints JSON
//     gastown-bench table RESULTS                         prints what was measured, for a person
//     gastown-bench report RESULTS DIRECTORY              writes it into benchmarks.md and benchmarks.svg there

do {
  let words = Array(CommandLine.arguments.dropFirst())
  switch (words.first, words.count) {
  case ("measure", _):
    let only = zip(words, words.dropFirst()).filter { $0.0 == "--only" }.map(\.1)
    var run = try Run(isQuick: words.contains("--quick"), only: Set(only))
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    encoder.keyEncodingStrategy = .convertToSnakeCase
    print(String(decoding: try encoder.encode(try run.measure()), as: UTF8.self))
  case ("table", 2):
    print(Table(try Report.read(words[1])).text())
  case ("report", 3):
    try Report.write(try Report.read(words[1]), into: words[2])
  default:
    Shell.say("gastown-bench: see packaging/bench --help")
    exit(64)
  }
} catch {
  Shell.say("gastown-bench: \(error)")
  exit(1)
}
