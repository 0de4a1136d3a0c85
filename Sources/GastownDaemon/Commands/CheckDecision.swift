// SPDX-License-Identifier: Apache-2.0

import CommandSupport

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
    case "inactive": .leave("the daemon is stopped, and stays stopped")
    default: .leave("the daemon is \(service.activeState)")
    }
  }
}
