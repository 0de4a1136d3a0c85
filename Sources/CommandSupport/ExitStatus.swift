// SPDX-License-Identifier: Apache-2.0

/// The exit statuses that scripts and units may rely on, after `sysexits.h`.
package enum ExitStatus {
  package static let success: Int32 = 0
  /// Something is not as it should be.
  package static let failure: Int32 = 1
  /// The daemon does not run (as `systemctl status` has it).
  package static let notRunning: Int32 = 3
  package static let usage: Int32 = 64
  /// Required data could not be read.
  package static let unavailable: Int32 = 69
  /// What was printed has not arrived where standard output leads.
  package static let outputFailed: Int32 = 74
  /// A temporary failure: another supervisor's short work, a directory that is not mounted yet. The service manager
  /// tries again.
  package static let temporary: Int32 = 75
  /// The settings cannot be used, or another supervisor has the town: starting again will not help.
  package static let configuration: Int32 = 78
}
