// SPDX-License-Identifier: Apache-2.0

/// What the dead man's check does about a unit in some state.
enum CheckDecision: Equatable {
  case leave(String)
  case revive(String)
  case ask

  static func first(_ service: UnitState, socket: UnitState?) -> CheckDecision {
    if service.activeState == "failed" {
      if service.mainStatus == "\(ExitStatus.configuration)" {
        return .leave("the daemon refused its town or its settings; see: gt daemon logs")
      }
      return .revive("its unit has failed (\(service.result))")
    }
    if socket?.activeState == "failed" { return .revive("its socket has failed (\(socket?.result ?? ""))") }
    return switch service.activeState {
    case "active": .ask
    case "inactive": .leave("the daemon is stopped, and is left so")
    default: .leave("the daemon is \(service.activeState)")
    }
  }
}

/// A unit as `systemctl show` describes it.
struct UnitState: Equatable {
  var activeState = ""
  var result = ""
  /// The main process's exit status.
  var mainStatus = ""
  /// The main process; 0 for none.
  var mainPID = ""

  init(activeState: String, result: String = "", mainStatus: String = "") {
    self.activeState = activeState
    self.result = result
    self.mainStatus = mainStatus
  }

  /// Reads `KEY=VALUE` lines.
  init(properties text: String) {
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
