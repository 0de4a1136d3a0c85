// SPDX-License-Identifier: Apache-2.0

// A stand-in for `bd`, for tests, 0.41 or a later one (Release.swift): it knows the subcommands that this project uses, and prints what the
// real one was recorded to print; what it prints where its helper process answers, if the `.beads` directory
// holds a file `stand-in-helper`. Its database is one JSON file, `stand-in.json`, in the `.beads` directory.
// It can be told to misbehave, see Faults.swift, and to play a script instead, see Replay.swift.

import Glibc

Replay()?.play()
var output = Output()
let invocation = Invocation(arguments: Array(CommandLine.arguments.dropFirst()))
let place = Place.find()
let release = Release.read(from: place)
if invocation.subcommand == "list", invocation.has("--help") {
  place?.log(invocation, in: "stand-in-help.log")
  output.text = release.help
  output.finish()
}
place?.log(invocation)
// Where the helper process answers, times are in its zone and not in the caller's.
if place?.has("stand-in-helper") == true { unsetenv("TZ") }
Faults.read(from: place).strike(invocation, at: place, output: &output)

do {
  try StandIn(place: place, invocation: invocation, release: release).run(&output)
} catch {
  let isObject = release.hasObjectErrors && invocation.has("--json")
  output.errors +=
    isObject ? JSONText.object([("error", .text(error.text))], indent: "") + "\n" : "Error: \(error.text)\n"
  output.status = 1
}
output.finish()
