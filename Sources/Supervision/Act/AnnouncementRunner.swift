// SPDX-License-Identifier: Apache-2.0

import Commands
import FoundationEssentials
package import Town

/// Runs the person's own command (`notify` in the settings) with an event on its standard input.
package struct AnnouncementRunner: Sendable {
  let argv: [String]
  let town: String
  let runner: any CommandRunner

  /// How long the command may take.
  static let deadline: Duration = .seconds(30)

  /// - Throws: an error that says what went wrong.
  @concurrent func run(_ announcement: Announcement) async throws {
    guard let program = argv.first else { return }
    let command = Command(
      program, Array(argv.dropFirst()), workingDirectory: town, standardInput: try Self.json(announcement, town: town),
      deadline: Self.deadline, outputLimit: 1 << 20)
    let result = try await runner.run(command)
    guard result.succeeded else {
      let words = result.complaint.split(separator: "\n").last.map { ": \(displayable(String($0)))" } ?? ""
      throw CommandError(.failedToStart, command: command, reason: "\(result.ending)\(words)")
    }
  }

  /// One JSON object and a line break; absent values are null.
  package static func json(_ announcement: Announcement, town: String) throws -> [UInt8] {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
    return Array(try encoder.encode(Document(announcement: announcement, town: town))) + [UInt8(ascii: "\n")]
  }

  private struct Document: Encodable {
    var announcement: Announcement
    var town: String

    private enum CodingKeys: String, CodingKey {
      case event, time, town, message, agent, role, rig, session, bead, pid, restarts, reason
    }

    func encode(to encoder: any Encoder) throws {
      var container = encoder.container(keyedBy: CodingKeys.self)
      try container.encode(announcement.event, forKey: .event)
      try container.encode(announcement.time, forKey: .time)
      try container.encode(town, forKey: .town)
      try container.encode(announcement.message, forKey: .message)
      try container.encode(announcement.agent, forKey: .agent)
      try container.encode(announcement.role, forKey: .role)
      try container.encode(announcement.rig, forKey: .rig)
      try container.encode(announcement.session, forKey: .session)
      try container.encode(announcement.bead, forKey: .bead)
      try container.encode(announcement.pid, forKey: .pid)
      try container.encode(announcement.restarts, forKey: .restarts)
      try container.encode(announcement.reason, forKey: .reason)
    }
  }
}
