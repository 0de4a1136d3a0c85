// SPDX-License-Identifier: Apache-2.0

/// A unit as `systemctl show` describes it.
package struct UnitState: Equatable {
  package var activeState = ""
  package var result = ""
  /// The main process's exit status.
  package var mainStatus = ""
  /// The main process; 0 for none.
  package var mainPID = ""

  package init(activeState: String, result: String = "", mainStatus: String = "") {
    self.activeState = activeState
    self.result = result
    self.mainStatus = mainStatus
  }

  /// Reads `KEY=VALUE` lines.
  package init(properties text: String) {
    for line in text.split(separator: "\n") {
      guard let equals = line.firstIndex(of: "=") else { continue }
      let value = String(line[line.index(after: equals)...])
      switch line[..<equals] {
      case "ActiveState": activeState = value
      case "Result": result = value
      case "ExecMainStatus": mainStatus = value
      case "MainPID": mainPID = value
      default: break
      }
    }
  }
}
