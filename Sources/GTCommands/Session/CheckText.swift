// SPDX-License-Identifier: Apache-2.0

import CommandSupport
import Town

/// A report for people: each polecat, why one is not well and what to type, then the counts.
struct CheckText: Sendable {
  let colour: Colour

  func lines(_ report: CheckReport) -> [String] {
    guard !report.sessions.isEmpty else { return ["No polecats. Add one with: gt polecat add RIG/NAME"] }
    let names = report.sessions.map { "\($0.rig)/\($0.polecat)" }
    let nameWidth = names.map(\.count).max() ?? 0
    let stateWidth = report.sessions.map(\.state.words.count).max() ?? 0
    var lines: [String] = []
    for (name, session) in zip(names, report.sessions) {
      let state = session.state.words
      let padding = String(repeating: " ", count: nameWidth - name.count)
      let statePadding = String(repeating: " ", count: stateWidth - state.count)
      lines.append("  \(name)\(padding)  \(paint(state, session))\(statePadding)  \(detail(session))")
      if let advice = advice(session, name: name) {
        lines.append("  \(String(repeating: " ", count: nameWidth + stateWidth + 4))\(colour.faint(advice))")
      }
    }
    lines += wideHolds(report).map { colour.faint($0) }
    lines.append(counts(report))
    return lines
  }

  private func paint(_ text: String, _ session: SessionCheck) -> String {
    if session.state == .alive { return colour.green(text) }
    if session.isWell { return text }
    return session.state == .unknown ? colour.yellow(text) : colour.red(text)
  }

  private func detail(_ session: SessionCheck) -> String {
    guard session.state == .alive else { return displayable(session.reason ?? "") }
    var parts: [String] = []
    if let pid = session.pid { parts.append("pid \(pid)") }
    if let hook = session.hookBead { parts.append("\(displayable(hook)) on its hook") }
    if let reason = session.reason { parts.append(displayable(reason)) }
    return parts.joined(separator: ", ")
  }

  private func advice(_ session: SessionCheck, name: String) -> String? {
    if session.supervision == .parked, session.state == .crashed {
      return session.parkedFor == .noCommand
        ? "it is started as soon as there is such a program; else set its command in mayor/daemon.json"
        : "what it died of: gt session crash \(name); to unpark it: gt session reset \(name)"
    }
    if session.isBlocked {
      return "to make room: end the process there, or: tmux rename-session -t \(session.session) NAME"
    }
    if session.supervision == .held {
      return session.holdScope == .agent ? "to release: gt session release \(name)" : nil
    }
    return switch session.state {
    case .crashed, .notStarted: "to start it now: gt session start \(name)"
    case .deadShell where !session.isWell: "to look: tmux attach; to start it anew: gt session start \(name)"
    case .stopped: "to start it: gt session start \(name)"
    case .alive, .idle, .unknown, .deadShell: nil
    }
  }

  /// The ways out of the holds that concern more than one agent, each once.
  private func wideHolds(_ report: CheckReport) -> [String] {
    let arguments = report.sessions.compactMap { $0.supervision == .held ? $0.holdScope?.argument : nil }
    return Set(arguments).sorted().map { argument in
      "\(argument == "all" ? "the whole town" : "the rig \(argument)") is held; to release: gt session release \(argument)"
    }
  }

  private func counts(_ report: CheckReport) -> String {
    let total = report.sessions.count
    let parts = SessionCheck.State.allCases.compactMap { state -> String? in
      let count = report.count(state)
      return count == 0 ? nil : "\(count) \(state.words)"
    }
    return "\(counted(total, "polecat")): \(parts.joined(separator: ", "))"
  }
}

extension SessionCheck.State {
  /// As a person reads it.
  var words: String { String(rawValue.map { $0 == "_" ? " " : $0 }) }
}
