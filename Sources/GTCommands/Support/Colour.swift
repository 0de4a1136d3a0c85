// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import Glibc

/// Colours, only for a person at a terminal who has not refused them (https://no-color.org).
struct Colour: Sendable {
  private let isOn: Bool

  init(
    isTerminal: Bool = isatty(STDOUT_FILENO) == 1, environment: [String: String] = ProcessInfo.processInfo.environment
  ) {
    let refused = environment["NO_COLOR"]?.isEmpty == false || environment["TERM"] == "dumb"
    isOn = isTerminal && !refused
  }

  func green(_ text: String) -> String { paint(text, 32) }
  func red(_ text: String) -> String { paint(text, 31) }
  func yellow(_ text: String) -> String { paint(text, 33) }
  func faint(_ text: String) -> String { paint(text, 2) }

  private func paint(_ text: String, _ code: Int) -> String { isOn ? "\u{1B}[\(code)m\(text)\u{1B}[0m" : text }
}
