// SPDX-License-Identifier: Apache-2.0

import Dispatch
import Foundation
import Simulation

/// Runs a simulation on a thread of its own, as it has the thread for itself.
func simulate(_ scenario: Scenario, plant: SeededDefect? = nil, trace: Trace.Extent = .digest) async
  -> Simulation.Outcome
{
  await withCheckedContinuation { continuation in
    DispatchQueue.global().async {
      continuation.resume(returning: Simulation(scenario, plant: plant, trace: trace).run())
    }
  }
}

/// The simulator's executable, beside the tests.
enum SimulatorProgram {
  static var url: URL { Bundle.module.bundleURL.deletingLastPathComponent().appending(path: "gastown-simulate") }

  /// Runs it, and returns what it prints and its exit status.
  static func run(_ arguments: [String]) async throws -> (output: String, status: Int32) {
    let process = Process()
    process.executableURL = url
    process.arguments = arguments
    let pipe = Pipe()
    process.standardOutput = pipe
    process.standardError = pipe
    let (status, ended) = AsyncStream<Int32>.makeStream()
    process.terminationHandler = { ended.yield($0.terminationStatus) }
    try process.run()
    let output = await withCheckedContinuation { (continuation: CheckedContinuation<Data, Never>) in
      DispatchQueue.global().async { continuation.resume(returning: pipe.fileHandleForReading.readDataToEndOfFile()) }
    }
    for await status in status { return (String(decoding: output, as: UTF8.self), status) }
    return (String(decoding: output, as: UTF8.self), -1)
  }
}
