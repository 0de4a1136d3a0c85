// SPDX-License-Identifier: Apache-2.0

import FoundationEssentials
import TestSupport
import Testing

extension TownUser {
  /// Does as an agent does that wants its own end: writes it into its state.json, then sends the mail.
  ///
  /// - Parameter address: `RIG/NAME` of a polecat.
  func ask(_ action: String, of address: String, body: String? = nil, pokes: Bool = true) async throws {
    let parts = address.split(separator: "/").map(String.init)
    let state = #"{"requesting_\#(action)": true, "requesting_time": "2026-01-01T00:00:00Z", "kept": [1, "two"]}"#
    try await write(state, to: "gt/\(parts[0])/polecats/\(parts[1])/state.json")
    try await send(
      as: address, subject: "LIFECYCLE: \(address) requesting \(action)", body: body ?? #"{"action":"\#(action)"}"#)
  }

  /// Sends mail to the Deacon as a polecat.
  func send(as address: String, subject: String, body: String) async throws {
    let parts = address.split(separator: "/").map(String.init)
    try await run(
      "gt", "mail", "send", "deacon/", "-s", subject, "-m", body,
      environment: ["GT_ROLE": "polecat", "GT_RIG": parts[0], "GT_POLECAT": parts[1], "GT_TOWN_ROOT": town],
      deadline: .seconds(200)
    ).check()
  }

  /// What is left in a polecat's state.json.
  func stateKeys(of address: String) -> Set<String> {
    let parts = address.split(separator: "/").map(String.init)
    let text = text("gt/\(parts[0])/polecats/\(parts[1])/state.json") ?? ""
    let members = try? JSONDecoder().decode([String: Value].self, from: Data(text.utf8))
    return Set((members ?? [:]).keys)
  }

  private struct Value: Decodable { init(from decoder: any Decoder) {} }

  /// The subjects in somebody's inbox, oldest first.
  func subjects(for identity: String) async throws -> [String] {
    struct Message: Decodable { var subject: String }
    let text = try await gt("mail", "inbox", "--identity", identity, "--json")
    return try JSONDecoder().decode([Message]?.self, from: Data(text.utf8))?.map(\.subject) ?? []
  }
}
