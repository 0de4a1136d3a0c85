// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import Control
import CommandSupport
@testable import GTCommands
import Supervision
import Testing
import Town
import TownFiles

/// What scripts learn of each kind of error.
@Suite struct ExitStatusTests {
  private func status(of error: any Error) async -> Int32? {
    await #expect(throws: ExitCode.self) { try await failing { throw error } }?.rawValue
  }

  @Test func `the town's files`() async {
    for (code, expected) in [
      (.missing, 69), (.unreadable, 69), (.malformed, 69), (.unwritable, 1), (.held, 1),
    ] as [(TownFileError.Code, Int32)] {
      #expect(await status(of: TownFileError(code, path: "/town/mayor/rigs.json", reason: "x")) == expected)
    }
    #expect(await status(of: TownFileError(.malformed, path: "/town/mayor/daemon.json", reason: "x")) == 78)
    #expect(await status(of: TownFileError(.unreadable, path: "/town/mayor/daemon.json", reason: "x")) == 69)
  }

  @Test func `what a person typed`() async {
    #expect(await status(of: AddressError("who?")) == 64)
    #expect(await status(of: NameError(name: "a.b", reason: "x")) == 64)
    #expect(await status(of: CommandRefusal("no")) == 1)
    #expect(await status(of: ExitCode(3)) == 3)
  }

  @Test func `the beads`() async {
    for (code, expected) in [
      (.unavailable, 69), (.unreadable, 69), (.deadlineExceeded, 69), (.notFound, 1), (.refused, 1),
    ] as [(BeadStoreError.Code, Int32)] {
      #expect(await status(of: BeadStoreError(code, attempt: "x", message: "y")) == expected)
    }
    #expect(await status(of: Unreadable(description: "tmux")) == 69)
  }

  @Test func `the daemon`() async {
    func error(_ code: ControlError.Code) -> ControlError {
      ControlError(code, method: "m", socketPath: "/s", reason: "x")
    }
    #expect(await status(of: error(.unreachable)) == 69)
    #expect(await status(of: error(.deadlineExceeded)) == 69)
    #expect(await status(of: error(.protocolViolation)) == 69)
  }
}
