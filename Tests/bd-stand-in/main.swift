// SPDX-License-Identifier: Apache-2.0

// A stand-in for `bd` 0.41 without its helper process, for tests: it knows the subcommands that
// this project uses, and prints what the real one was recorded to print. Its database is one JSON
// file, `stand-in.json`, in the `.beads` directory. It can be told to misbehave: see Faults.swift.

#if canImport(Glibc)
  import Glibc
#endif

var output = Output()
let invocation = Invocation(arguments: Array(CommandLine.arguments.dropFirst()))
let place = Place.find()
place?.log(invocation)
Faults.read(from: place).strike(invocation, output: &output)

do {
  try StandIn(place: place, invocation: invocation).run(&output)
} catch {
  output.errors += "Error: \(error.text)\n"
  output.status = 1
}
output.finish()
