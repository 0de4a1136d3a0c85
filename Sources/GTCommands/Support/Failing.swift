// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Beads
import Control
import CommandSupport
import Supervision
import Town
import TownFiles

/// Runs a command's work; an error becomes one line on standard error and the exit status of its kind.
func failing(_ work: () async throws -> Void) async throws {
  do {
    try await work()
  } catch let code as ExitCode {
    throw code
  } catch {
    complain(displayable("\(error)"), program: "gt")
    throw ExitCode(exitStatus(of: error))
  }
}

private func exitStatus(of error: any Error) -> Int32 {
  switch error {
  case let error as TownFileError:
    switch error.code {
    case .malformed where error.path.hasSuffix("/daemon.json"): ExitStatus.configuration
    case .missing, .unreadable, .malformed: ExitStatus.unavailable
    case .unwritable, .held: ExitStatus.failure
    }
  case is AddressError, is NameError: ExitStatus.usage
  case is Unreadable: ExitStatus.unavailable
  case is TryLater: ExitStatus.temporary
  case let silence as DaemonSilence:
    if case .command = silence.cause { ExitStatus.temporary } else { ExitStatus.unavailable }
  case let error as BeadStoreError:
    switch error.code {
    case .unavailable, .unreadable, .deadlineExceeded: ExitStatus.unavailable
    case .notFound, .refused: ExitStatus.failure
    }
  case let error as ControlError:
    if case .refused = error.code { ExitStatus.failure } else { ExitStatus.unavailable }
  default: ExitStatus.failure
  }
}
